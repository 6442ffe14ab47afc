package names

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	MsgAddressOfPod   = msgAddressOfPod
	MsgAsPublished    = msgAsPublished
	MsgDenied         = msgDenied
	MsgDeniedFor      = msgDeniedFor
	MsgDeniedTooLong  = msgDeniedTooLong
	MsgErrorCode      = msgErrorCode
	MsgFailedQuery    = msgFailedQuery
	MsgIncomplete     = msgIncomplete
	MsgNoPodsAddress  = msgNoPodsAddress
	MsgNoSuchName     = msgNoSuchName
	MsgNoSuchRecord   = msgNoSuchRecord
	MsgOtherAddresses = msgOtherAddresses
	MsgPodNotReady    = msgPodNotReady
	MsgStale          = msgStale
	MsgWrong          = msgWrong
	MsgWrongToo       = msgWrongToo
)
