package doctor

func nameChecks() []*Check { return nil }
