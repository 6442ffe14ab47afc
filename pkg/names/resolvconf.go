package names

import "strings"

// Nameserver is the first name server in a resolv.conf(5), empty if there is none.
func Nameserver(resolvConf string) string {
	for line := range strings.Lines(resolvConf) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			return f[1]
		}
	}
	return ""
}
