package operate

// The intents, for tables whose snapshot does not matter when the command starts.
type (
	StartCanary   = startCanary
	AutoPromote   = autoPromote
	AbortCanary   = abortCanary
	RestartPods   = restartPods
	ForgetRestart = forgetRestart
	PauseUpdate   = pauseUpdate
	ResumeUpdate  = resumeUpdate
	CancelDrain   = cancelDrain
	Unpark        = unpark
)

// FinishUpdate is for a test of its hint.
var FinishUpdate = finishUpdate
