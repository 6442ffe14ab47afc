package report

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	MsgClaimsRescued    = msgClaimsRescued
	MsgComplete         = msgComplete
	MsgDoNotRestart     = msgDoNotRestart
	MsgDrainAlmostDone  = msgDrainAlmostDone
	MsgDrainNextToLeave = msgDrainNextToLeave
	MsgDrainRecordLost  = msgDrainRecordLost
	MsgFinishing        = msgFinishing
	MsgParked           = msgParked
	MsgPod              = msgPod
	MsgScaledToZero     = msgScaledToZero
	MsgUpdatedOnDelete  = msgUpdatedOnDelete
	MsgUpdating         = msgUpdating
)
