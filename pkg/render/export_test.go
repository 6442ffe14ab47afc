package render

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	ErrDNSNoSuchPort   = errDNSNoSuchPort
	ErrDNSPortUnknown  = errDNSPortUnknown
	ErrDNSSeveralPorts = errDNSSeveralPorts
	MsgCondition       = msgCondition
	MsgStarted         = msgStarted
)
