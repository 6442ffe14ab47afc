package resolve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The exact output of the tools: BIND 9.18, busybox 1.35 and an old busybox, glibc.
const (
	bindHead    = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n"
	busyboxHead = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
	oldHead     = "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
	digHead     = ";; Got answer:\n;; WARNING: .local is reserved for Multicast DNS\n" +
		";; ->>HEADER<<- opcode: QUERY, status: %s, id: 25999\n;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n\n"
	digTail = "\n;; Query time: 4 msec\n;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)\n;; WHEN: Sun Nov 22 16:06:19 UTC 2026\n;; MSG SIZE  rcvd: 66\n"
	digSOA  = "\n;; AUTHORITY SECTION:\ncluster.local.\t\t30\tIN\tSOA\tns.dns.cluster.local. hostmaster.cluster.local. 1763827000 7200 1800 86400 5\n"
)

func TestTools(t *testing.T) {
	const web0 = "web-0.web.shop.svc.cluster.local"
	dig := func(status, records string) string { return fmt.Sprintf(digHead, status) + records + digTail }
	tests := []struct {
		name, tool, ask, text, want string
	}{
		{"BIND: address", "nslookup", "web-0", bindHead + "Name:\t" + web0 + "\nAddress: 10.0.0.5\n", "web-0 A: NOERROR 10.0.0.5"},
		{"BIND: IPv6", "nslookup", "web-0 AAAA", "Server:\t\tfd00::a\nAddress:\tfd00::a#53\n\nName:\t" + web0 + "\nAddress: fd00::5\n", "web-0 AAAA: NOERROR fd00::5"},
		{"BIND: two addresses behind an alias", "nslookup", "web-0", bindHead + "web-0.web\tcanonical name = b.web.\nName:\tb.web\nAddress: 10.0.0.5\nName:\tb.web\nAddress: 10.0.0.6\n", "web-0 A: NOERROR 10.0.0.5 10.0.0.6"},
		{"BIND: services", "nslookup", "_http SRV", bindHead + "_http\tservice = 0 50 80 " + web0 + ".\n_http\tservice = 0 50 81 web-1.web.\n", "_http SRV: NOERROR " + web0 + ":80 web-1.web:81"},
		{"BIND: no such name", "nslookup", "none", bindHead + "** server can't find none.web.shop.svc.cluster.local: NXDOMAIN\n", "none A: NXDOMAIN"},
		{"BIND: no such record", "nslookup", "web-1 AAAA", bindHead + "*** Can't find web-1.web.shop.svc.cluster.local.: No answer\n", "web-1 AAAA: NOERROR"},
		{"BIND: server failure", "nslookup", "fail", ";; Got SERVFAIL reply from 10.96.0.10\n" + bindHead + "** server can't find fail.web.shop.svc.cluster.local: SERVFAIL\n", "fail A: SERVFAIL"},
		{"BIND: time-out", "nslookup", "slow", ";; communications error to 10.96.0.10#53: timed out\n;; no servers could be reached\n", "slow A: timed out: no answer"},
		{"BIND: the first server was silent", "nslookup", "web-0", ";; communications error to 10.96.0.9#53: timed out\n" + bindHead + "Name:\t" + web0 + "\nAddress: 10.0.0.5\n", "web-0 A: NOERROR 10.0.0.5"},

		{"busybox: address", "nslookup", "web-0", busyboxHead + "Name:\t" + web0 + "\nAddress: 10.0.0.5\n\n", "web-0 A: NOERROR 10.0.0.5"},
		{"busybox: services", "nslookup", "_http SRV", busyboxHead + "_http\tservice = 0 50 80 " + web0 + "\n", "_http SRV: NOERROR " + web0 + ":80"},
		{"busybox: no such name", "nslookup", "none", busyboxHead + "** server can't find none.web.shop.svc.cluster.local.: NXDOMAIN\n\n", "none A: NXDOMAIN"},
		{"busybox: no such record", "nslookup", "web-1 AAAA", busyboxHead + "\n", "web-1 AAAA: NOERROR"},
		{"busybox: refused", "nslookup", "ref", busyboxHead + "** server can't find ref.web.shop.svc.cluster.local.: REFUSED\n\n", "ref A: REFUSED"},
		{"busybox: time-out", "nslookup", "slow", ";; connection timed out; no servers could be reached\n", "slow A: timed out: no answer"},
		{"busybox: connection refused", "nslookup", "web-0", "nslookup: read: Connection refused\n;; connection timed out; no servers could be reached\n", "web-0 A: timed out: no answer"},

		{"old busybox: addresses of both kinds", "nslookup", "web-0", oldHead + "Name:      web-0.web\nAddress 1: 10.0.0.5 " + web0 + "\nAddress 2: fd00::5 " + web0 + "\n", "web-0 A: NOERROR 10.0.0.5"},
		{"old busybox: none", "nslookup", "none", oldHead + "nslookup: can't resolve 'none.web': Name or service not known\n", "none A: NOTFOUND"},
		{"unexpected output", "nslookup", "web-0", "Segmentation \x1b[31mfault\n", `web-0 A: unexpected output: "Segmentation \x1b[31mfault"`},

		{"dig: address", "dig", "web-0", dig("NOERROR", ";; ANSWER SECTION:\n"+web0+". 5 IN\tA\t10.0.0.5\n"), "web-0 A: NOERROR 10.0.0.5 5s"},
		{"dig: alias", "dig", "web-0", dig("NOERROR", ";; ANSWER SECTION:\nweb-0. 3 IN\tCNAME\tb.\nb.\t\t5\tIN\tA\t10.0.0.5\n"), "web-0 A: NOERROR 10.0.0.5 3s"},
		{"dig: services", "dig", "_http SRV", dig("NOERROR", ";; ANSWER SECTION:\n_http. 5 IN SRV\t0 50 80 "+web0+".\n"), "_http SRV: NOERROR " + web0 + ":80 5s"},
		{"dig: no such name", "dig", "none", dig("NXDOMAIN", digSOA), "none A: NXDOMAIN 5s"},
		{"dig: no such record", "dig", "web-1 AAAA", dig("NOERROR", digSOA), "web-1 AAAA: NOERROR 5s"},
		{"dig: server failure", "dig", "fail", dig("SERVFAIL", ""), "fail A: SERVFAIL"},
		{"dig: time-out", "dig", "slow", ";; communications error to 10.96.0.10#53: timed out\n;; no servers could be reached\n", "slow A: timed out: no answer"},

		{"getent: addresses", "getent", "web-0", "10.0.0.5        STREAM " + web0 + "\n10.0.0.5        DGRAM\n10.0.0.5        RAW\n", "web-0 A: NOERROR 10.0.0.5"},
		{"getent: of the other kind", "getent", "web-0 AAAA", "::ffff:10.0.0.5 STREAM " + web0 + "\n", "web-0 AAAA: NOTFOUND"},
		{"getent: none", "getent", "none", "", "none A: NOTFOUND"},
		{"getent: services", "getent", "_http SRV", "", "_http SRV: getent cannot query SRV records"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := sts.DNSAnswer{DNSQuestion: ask(test.ask)[0]}
			readers[test.tool](test.text, &a)
			if diff := cmp.Diff(test.want, summary([]sts.DNSAnswer{a})); diff != "" {
				t.Error(diff)
			}
			for cut := range test.text { // truncated output does not crash it
				readers[test.tool](test.text[:cut], &sts.DNSAnswer{DNSQuestion: a.DNSQuestion})
			}
		})
	}
}

// TestScript runs the script in this machine's shell, with fake tools.
func TestScript(t *testing.T) {
	tests := []struct {
		name  string
		tools map[string]string // name → what it does
		want  string
		err   string
		tool  string
	}{
		{
			name: "dig is preferred", tool: "dig",
			tools: map[string]string{
				"nslookup": "exit 1", "getent": "exit 1",
				"dig": `[ "$*" = "+noall +comments +answer +authority +stats +time=2 +tries=1 web-0.web.shop.svc.cluster.local. A" ] || exit 1
echo ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1'
echo 'web-0. 5 IN A 10.0.0.5'`,
			},
			want: "web-0 A: NOERROR 10.0.0.5 5s\nweb-1 A: unexpected output: \"\"",
		},
		{
			name: "an nslookup without types", tool: "nslookup",
			tools: map[string]string{"nslookup": `case $1 in
-*) echo 'BusyBox v1.28.4 multi-call binary.' >&2; echo 'Usage: nslookup [HOST] [SERVER]' >&2; exit 1 ;;
esac
printf 'Server:    10.96.0.10\nAddress 1: 10.96.0.10\n\nName:      %s\nAddress 1: 10.0.0.%d\n' $1 ${#1}`},
			want: "web-0 A: NOERROR 10.0.0.33\nweb-1 A: NOERROR 10.0.0.33",
		},
		{
			name: "getent, with a trailing dot", tool: "getent",
			tools: map[string]string{"getent": `case "$*" in
"ahostsv4 web-0.web.shop.svc.cluster.local.") echo "10.0.0.5 STREAM web-0" ;;
*) exit 2 ;;
esac`},
			want: "web-0 A: NOERROR 10.0.0.5\nweb-1 A: NOTFOUND",
		},
		{
			name: "a getent that knows only hosts", tool: "getent",
			tools: map[string]string{"getent": `case "$*" in
"hosts web-0.web.shop.svc.cluster.local.") echo "10.0.0.5 web-0" ;;
hosts*) exit 2 ;;
*) echo "Unknown database" >&2; exit 1 ;;
esac`},
			want: "web-0 A: NOERROR 10.0.0.5\nweb-1 A: NOTFOUND",
		},
		{name: "no tool", err: "no dig, nslookup or getent found"},
		{
			name: "no server reachable", err: "no answer",
			tools: map[string]string{"nslookup": "echo ';; connection timed out; no servers could be reached'; exit 1"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inside := &Inside{Exec: shell(t, test.tools), Timeout: 2 * second}
			got, err := inside.Ask(t.Context(), ask("web-0", "web-1"))
			switch {
			case test.err != "":
				if err == nil || err.Error() != test.err {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, summary(got)); diff != "" {
				t.Error(diff)
			}
			if tool, _ := inside.Tool(); tool != test.tool {
				t.Errorf("used %q, want %s", tool, test.tool)
			}
		})
	}
}

// shell runs commands on this machine, with only these tools in its PATH.
func shell(t *testing.T, tools map[string]string) Exec {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal("these tests need a shell: ", err)
	}
	dir := t.TempDir()
	for name, does := range tools {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+sh+"\n"+does+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error) {
		c := exec.CommandContext(ctx, sh, command[1:]...)
		c.Env, c.Stdout, c.Stderr = []string{"PATH=" + dir}, stdout, stderr
		err := c.Run()
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return ended.ExitCode(), nil
		}
		return 0, err
	}
}

func TestInsideKeepsOrder(t *testing.T) {
	got, err := (&Inside{Timeout: second, Exec: shell(t, map[string]string{
		"nslookup": `for name; do :; done
printf 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\t%s\nAddress: 10.0.0.' "$name"
case $name in web-0*) echo 1 ;; *) echo 2 ;; esac`,
	})}).Ask(t.Context(), many(100))
	if err != nil {
		t.Fatal(err)
	}
	allRight(t, got)
}

func TestInsideGivesUp(t *testing.T) {
	asked := 0
	inside := &Inside{Timeout: second, Exec: func(_ context.Context, _ []string, stdout, _ io.Writer) (int, error) {
		asked++
		_, _ = io.WriteString(stdout, "@tool nslookup\n@asked A/web-0.web.shop.svc.cluster.local\n"+busyboxHead+"Name:\tweb-0\nAddress: 10.0.0.1\n"+
			"@asked A/web-1.web.shop.svc.cluster.local\n;; connection timed out; no servers could be reached\n")
		return 0, nil
	}}
	got, err := inside.Ask(t.Context(), ask("web-0", "web-1", "web-2", strings.Repeat("x", 64)))
	if err != nil || asked != 1 {
		t.Fatal(err, asked)
	}
	want := "web-0 A: NOERROR 10.0.0.1\nweb-1 A: timed out: no answer\n" +
		"web-2 A: timed out: skipped because the DNS server did not answer earlier queries\n" +
		strings.Repeat("x", 64) + " A: invalid DNS name: label \"" + strings.Repeat("x", 64) + "\" has 64 characters, must be no more than 63"
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Error(diff)
	}
}

func TestServerOf(t *testing.T) {
	for section, want := range map[string]string{
		bindHead: "10.96.0.10", busyboxHead: "10.96.0.10", oldHead: "10.96.0.10", digHead + digTail: "10.96.0.10",
		"Server:\t\tfd00::a\nAddress:\tfd00::a#53\n": "fd00::a", "Server:\t\x1b[31m\n": "", "10.0.0.5 STREAM web-0\n": "",
	} {
		if got := serverOf(section); got != want {
			t.Errorf("%q: %q, want %q", section, got, want)
		}
	}
}

func TestInsideErrors(t *testing.T) {
	broken := errors.New("container not found")
	for _, test := range []struct {
		code int
		err  error
		want error
	}{
		{0, errors.New(`OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown`), ErrNoShell},
		{126, nil, ErrNoShell},
		{127, nil, ErrNoShell},
		{69, nil, ErrNoTool},
		{0, broken, broken},
	} {
		inside := &Inside{Timeout: second, Exec: func(context.Context, []string, io.Writer, io.Writer) (int, error) { return test.code, test.err }}
		if _, err := inside.Ask(t.Context(), many(60)); !errors.Is(err, test.want) {
			t.Errorf("exit code %d, %v: error %v, want %v", test.code, test.err, err, test.want)
		}
	}
}
