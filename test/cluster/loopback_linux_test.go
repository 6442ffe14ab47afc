package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Only the API server may be reached, and only from this machine; with DNS CoreDNS may, by
// TCP and UDP, and kwok in a kubelet's place.
func TestNothingListensBeyondLoopback(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"without DNS": "kube-apiserver", "with DNS": "coredns,coredns,kube-apiserver,kwok"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			share := SharedDNS
			if name == "without DNS" {
				share = func(t testing.TB) *Cluster { return Shared(t, nil) }
			}
			onlyLoopback(t, share(t), want)
		})
	}
}

func onlyLoopback(t *testing.T, c *Cluster, want string) {
	t.Helper()
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
			// 0A is LISTEN; a UDP socket can always receive.
			if owner == "" || (strings.Contains(table, "tcp") && fields[state] != "0A") {
				continue
			}
			listening = append(listening, owner)
			if host, _, _ := strings.Cut(fields[address], ":"); host != "0100007F" {
				t.Errorf("%s listens on %s in %s", owner, fields[address], table)
			}
		}
	}
	slices.Sort(listening)
	if got := strings.Join(listening, ","); got != want {
		t.Errorf("these listen: %s, want %s", got, want)
	}
}
