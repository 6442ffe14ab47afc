package sts

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	HintOperator     = hintOperator
	MsgAlsoManages   = msgAlsoManages
	MsgAppliesFields = msgAppliesFields
	MsgFieldManagers = msgFieldManagers
	MsgFieldTooLong  = msgFieldTooLong
)
