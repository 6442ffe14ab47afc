package profile

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	MsgAnnotated         = msgAnnotated
	MsgAnnotatedNotFound = msgAnnotatedNotFound
	MsgCapturedValue     = msgCapturedValue
	MsgCommandError      = msgCommandError
	MsgMatch             = msgMatch
	MsgMatchedImage      = msgMatchedImage
	MsgMatchedLabel      = msgMatchedLabel
	MsgNoMatch           = msgNoMatch
	MsgNoVariable        = msgNoVariable
	MsgNotCaptured       = msgNotCaptured
	MsgNotFound          = msgNotFound
	MsgTerminated        = msgTerminated
	MsgValueControl      = msgValueControl
	MsgValueLong         = msgValueLong
	MsgValueNotUTF8      = msgValueNotUTF8
)
