package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Only the API server may be reached, and only from this machine.
func TestNothingListensBeyondLoopback(t *testing.T) {
	t.Parallel()
	c := Shared(t, nil)
	owners := map[string]string{} // by the inode of a socket
	for _, p := range processesOf(t, c.Dir()) {
		files, err := filepath.Glob("/proc/" + strconv.Itoa(p.PID) + "/fd/*")
		if err != nil || len(files) == 0 {
			t.Fatalf("no open files of %s (%v)", p.Name, err)
		}
		for _, file := range files {
			if link, err := os.Readlink(file); err == nil && strings.HasPrefix(link, "socket:[") {
				owners[strings.Trim(link, "socket:[]")] = p.Name
			}
		}
	}
	var listening []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(table)
		if os.IsNotExist(err) {
			continue // no IPv6
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			const address, state, inode = 1, 3, 9
			owner := ""
			if len(fields) > inode {
				owner = owners[fields[inode]]
			}
			// 0A is LISTEN; whoever has a UDP socket can be reached by it.
			if owner == "" || (strings.Contains(table, "tcp") && fields[state] != "0A") {
				continue
			}
			listening = append(listening, owner)
			if host, _, _ := strings.Cut(fields[address], ":"); host != "0100007F" {
				t.Errorf("%s listens on %s in %s", owner, fields[address], table)
			}
		}
	}
	if strings.Join(listening, ",") != "kube-apiserver" {
		t.Errorf("these listen: %v, want the API server alone", listening)
	}
}
