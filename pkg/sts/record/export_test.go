package record

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	HintDrainInline   = hintDrainInline
	MsgInvalidRecord  = msgInvalidRecord
	MsgUnexpectedJSON = msgUnexpectedJSON
)
