package cli

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// Scripts read the first line.
var versionLine = regexp.MustCompile(`^kubectl-sts v0\.0\.0-dev \w+/\w+ go\S+\n`)

func TestVersionOfClient(t *testing.T) {
	i := invoke(t, "version", "--client")
	if rest := versionLine.ReplaceAllString(i.out.String(), ""); i.code != ExitOK || rest != "" || i.err.Len() > 0 {
		t.Errorf("exit code %d, %q, %q", i.code, i.out.String(), i.err.String())
	}
	i = invoke(t, "version", "--client", "-o", "json")
	var report report.VersionReport
	if err := json.Unmarshal(i.out.Bytes(), &report); err != nil {
		t.Fatal(err, i.out.String())
	}
	if report.Kind != "VersionReport" || report.Client.Version != version || report.Server != nil {
		t.Errorf("%+v", report)
	}
}

// As in kubectl, the client's version is printed, followed by the error.
func TestVersionOfUnreachableServer(t *testing.T) {
	closed := closedAddress(t)
	silent := listen(t)
	for name, test := range map[string]struct{ args, says string }{
		"nothing configured": {"", "The connection to the server localhost:8080 was refused"},
		"closed port":        {"--server=http://" + closed, "The connection to the server " + closed + " was refused"},
		"no response":        {"--server=http://" + silent.Addr().String() + " --request-timeout=200ms", msgServerTimeout("http://"+silent.Addr().String(), 200*time.Millisecond)},
		"no such context":    {"--context=nowhere", `context "nowhere" does not exist`},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			i := invoke(t, append([]string{"version"}, strings.Fields(test.args)...)...)
			if i.code != ExitError || !versionLine.MatchString(i.out.String()) || !strings.Contains(i.err.String(), test.says) {
				t.Errorf("exit code %d, %q, %q", i.code, i.out.String(), i.err.String())
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A server that has never been reached is not waited for.
func TestWatchOfUnreachableServer(t *testing.T) {
	address := closedAddress(t)
	for _, args := range []string{"status -A -w", "status web db --for=complete", "status web -w"} {
		i := invoke(t, append(strings.Fields(args), "--server=http://"+address)...)
		if want := "The connection to the server " + address + " was refused"; i.code != ExitError || !strings.Contains(i.err.String(), want) {
			t.Errorf("%s: exit code %d, %q", args, i.code, i.err.String())
		}
	}
}

// --timeout counts from the start of the command: a server that does not answer is not waited for any longer.
func TestTimeoutOfSilentServer(t *testing.T) {
	silent := filepath.Join(t.TempDir(), "kubeconfig") // dns has another --server
	config := "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: {server: \"http://" +
		listen(t).Addr().String() + "\"}}]}"
	if err := os.WriteFile(silent, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"restart web --yes", "canary abort web --yes", "unstick web db --yes", "drain-scale web --replicas 2 --yes",
		"status web --for=complete", "status web -w", "dns web --wait"} {
		i := invoke(t, append(strings.Fields(args), "--timeout=200ms", "--kubeconfig="+silent)...)
		if i.code != ExitTimeout || !strings.Contains(i.err.String(), "timed out after 200ms waiting "+msgWaitServer()) {
			t.Errorf("%s: exit code %d, %q", args, i.code, i.err.String())
		}
	}
}

// closedAddress is an address that refuses connections.
func closedAddress(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // or it is closed already
	return l
}
