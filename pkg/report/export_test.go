package report

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	MsgAvailable          = msgAvailable
	MsgClaimsRescued      = msgClaimsRescued
	MsgComplete           = msgComplete
	MsgDeleting           = msgDeleting
	MsgDoNotRestart       = msgDoNotRestart
	MsgNodesOutOfService  = msgNodesOutOfService
	MsgRecovering         = msgRecovering
	MsgDrainAlmostDone    = msgDrainAlmostDone
	MsgDrainNextToJoin    = msgDrainNextToJoin
	MsgDrainNextToLeave   = msgDrainNextToLeave
	MsgDrainRecordLost    = msgDrainRecordLost
	MsgDrainScaling       = msgDrainScaling
	MsgFinishing          = msgFinishing
	MsgMemberAdded        = msgMemberAdded
	MsgMemberFinishing    = msgMemberFinishing
	MsgMemberGone         = msgMemberGone
	MsgMemberJoining      = msgMemberJoining
	MsgMemberLeaving      = msgMemberLeaving
	MsgMemberLeft         = msgMemberLeft
	MsgMemberPhase        = msgMemberPhase
	MsgMemberRemoved      = msgMemberRemoved
	MsgMemberReverted     = msgMemberReverted
	MsgMemberStarting     = msgMemberStarting
	MsgMemberStillThere   = msgMemberStillThere
	MsgMemberTerminating  = msgMemberTerminating
	MsgNotObserved        = msgNotObserved
	MsgOnDeleteWaits      = msgOnDeleteWaits
	MsgParked             = msgParked
	MsgPod                = msgPod
	MsgPodsUnreadable     = msgPodsUnreadable
	MsgRecreateWaits      = msgRecreateWaits
	MsgScaledDuringCanary = msgScaledDuringCanary
	MsgScaledToZero       = msgScaledToZero
	MsgUpdateIncomplete   = msgUpdateIncomplete
	MsgUpdatedOnDelete    = msgUpdatedOnDelete
	MsgUpdating           = msgUpdating
)
