package doctor

func claimChecks() []*Check { return nil }
