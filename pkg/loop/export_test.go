package loop

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	HintRerun        = hintRerun
	MsgKeepsChanging = msgKeepsChanging
	MsgTimedOut      = msgTimedOut
	MsgWatchBehind   = msgWatchBehind
)
