package resolve

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Exec runs a command, for example in a pod, and returns its exit code. An error means that it could
// not be run.
type Exec func(ctx context.Context, command []string, stdout, stderr io.Writer) (int, error)

// Inside makes queries with the tools that are found where Exec runs: dig, the nslookup of BIND or
// busybox, or getent. What they do not report remains unknown: nslookup reports no TTL, and getent
// only addresses.
type Inside struct {
	Exec Exec
	// Timeout is the timeout of one query.
	Timeout time.Duration

	mu           sync.Mutex
	tool, server string
}

// Tool is the tool that made the last queries and the address of the server that it reported. Each
// is empty if it is not known.
func (s *Inside) Tool() (tool, server string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tool, s.server
}

// script makes all queries in its arguments, TYPE/NAME each, after the timeout in seconds.
//
//go:embed inside.sh
var script string

const (
	// chunk is the number of queries of one command: they are part of the URL of the exec request,
	// whose length is limited.
	chunk = 25
	// execs is the maximum number of concurrent commands.
	execs = 4
)

// ErrNoShell: there is no shell.
var ErrNoShell = errors.New(msgNoShell())

// ErrNoTool: there is a shell, but no tool for queries.
var ErrNoTool = errors.New(msgNoTool())

// Exit codes of shells and container runtimes, and of the script.
const (
	exitNoTool     = 69
	exitNotRunable = 126
	exitNotFound   = 127
)

// Ask makes all queries and returns the answers in the same order. An error means that no query
// could be made, or that there was no answer at all.
func (s *Inside) Ask(ctx context.Context, questions []sts.DNSQuestion) ([]sts.DNSAnswer, error) {
	answers := make([]sts.DNSAnswer, len(questions))
	var asked []int // indexes of the valid queries
	for i, q := range questions {
		answers[i].DNSQuestion = q
		if err := checkName(q.Name); err != nil {
			answers[i].Problem = err.Error()
			continue
		}
		asked = append(asked, i)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg    sync.WaitGroup
		slots = make(chan struct{}, execs)
	)
	for part := range slices.Chunk(asked, chunk) {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			defer func() { <-slots }()
			if err := s.run(ctx, part, answers); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(asked) > 0 && !slices.ContainsFunc(answers, func(a sts.DNSAnswer) bool { return a.Code != "" }) {
		return nil, errors.New(answers[asked[0]].Problem)
	}
	return answers, nil
}

// run makes some of the queries with one command.
func (s *Inside) run(ctx context.Context, part []int, answers []sts.DNSAnswer) error {
	seconds := max(1, int(s.Timeout.Round(time.Second)/time.Second))
	command := []string{"sh", "-c", script, "sh", strconv.Itoa(seconds)}
	for _, i := range part {
		command = append(command, answers[i].Type+"/"+answers[i].Name)
	}
	var stdout, stderr bytes.Buffer
	code, err := s.Exec(ctx, command, &stdout, &stderr)
	switch {
	case err != nil && (strings.Contains(err.Error(), "executable file not found") || strings.Contains(err.Error(), "no such file or directory")):
		return ErrNoShell // the errors of container runtimes
	case err != nil:
		return err
	case code == exitNoTool:
		return ErrNoTool
	case code == exitNotRunable || code == exitNotFound:
		return ErrNoShell
	}
	tool, sections := split(stdout.String())
	s.mu.Lock()
	s.tool = tool
	for _, section := range sections {
		s.server = cmp.Or(serverOf(section), s.server)
	}
	s.mu.Unlock()
	for _, i := range part {
		a := &answers[i]
		section, answered := sections[a.Type+"/"+a.Name]
		switch read := readers[tool]; {
		case answered && read != nil:
			read(section, a)
		case stderr.Len() > 0:
			a.Problem = msgStderr(strings.TrimSpace(stderr.String()))
		default: // the script gives up on a server that does not answer
			a.Problem, a.TimedOut = msgSkipped(), true
		}
	}
	return nil
}

// split parses the output of the script.
func split(out string) (tool string, sections map[string]string) {
	sections = map[string]string{}
	for section := range strings.SplitSeq("\n"+out, "\n@") {
		head, body, _ := strings.Cut(section, "\n")
		switch kind, value, _ := strings.Cut(head, " "); kind {
		case "tool":
			tool = value
		case "asked":
			sections[value] = body
		}
	}
	return tool, sections
}

// readers parse the output of the tools.
var readers = map[string]func(text string, a *sts.DNSAnswer){
	"dig": readDig, "nslookup": readNslookup, "getent": readGetent,
}

// serverOf is the address of the server that nslookup or dig queried.
func serverOf(section string) string {
	for line := range strings.Lines(section) {
		f := strings.Fields(line)
		if len(f) > 2 && f[1] == "SERVER:" {
			f = f[1:]
		}
		if len(f) < 2 || f[0] != "Server:" && f[0] != "SERVER:" {
			continue
		}
		address, _, _ := strings.Cut(f[1], "#")
		if ip, err := netip.ParseAddr(address); err == nil {
			return ip.String()
		}
	}
	return ""
}

// readDig: the records as in a zone file, and the code in a comment.
func readDig(text string, a *sts.DNSAnswer) {
	var answered, denied shortest
	for line := range strings.Lines(text) {
		if _, rest, found := strings.Cut(line, "->>HEADER<<-"); found {
			if _, status, found := strings.Cut(rest, "status: "); found {
				a.Code, _, _ = strings.Cut(status, ",")
			}
			continue
		}
		if ms, found := strings.CutPrefix(line, ";; Query time: "); found {
			ms, _, _ = strings.Cut(ms, " ")
			if n, err := strconv.Atoi(ms); err == nil {
				a.Took = time.Duration(n) * time.Millisecond
			}
			continue
		}
		f := strings.Fields(line)
		if len(f) < 5 || strings.HasPrefix(line, ";") {
			continue
		}
		ttl, err := strconv.ParseUint(f[1], 10, 32)
		if err != nil {
			continue
		}
		switch kind := f[3]; {
		case kind == "CNAME":
			answered.see(uint32(ttl))
		case kind == "SOA":
			minimum, err := strconv.ParseUint(f[len(f)-1], 10, 32)
			if err == nil {
				denied.see(uint32(min(ttl, minimum)))
			}
		case kind != a.Type:
		case kind == sts.RecordSRV && len(f) == 8:
			addService(a, f[6], f[7])
			answered.see(uint32(ttl))
		default:
			addAddress(a, f[4])
			answered.see(uint32(ttl))
		}
	}
	a.TTL = answered.duration()
	if len(a.Addresses) == 0 && len(a.Services) == 0 {
		a.TTL = denied.duration()
	}
	if a.Code == "" {
		unanswered(text, a)
	}
}

// readNslookup: BIND's, and busybox' with and without types. The answer follows the server and its
// address.
func readNslookup(text string, a *sts.DNSAnswer) {
	_, said, found := strings.Cut(text, "Address")
	if !found {
		unanswered(text, a)
		return
	}
	_, said, _ = strings.Cut(said, "\n")
	a.Code = codeName(0)
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		head, rest, _ := strings.Cut(line, ":")
		if f := strings.Fields(rest); len(f) > 0 && (head == "Address" || strings.HasPrefix(head, "Address ")) {
			addAddress(a, f[0])
		}
		if _, service, found := strings.Cut(line, "service = "); found {
			if f := strings.Fields(service); len(f) == 4 {
				addService(a, f[2], f[3])
			}
		}
		switch {
		case strings.Contains(line, "server can't find "):
			a.Code = line[strings.LastIndex(line, " ")+1:]
		case strings.Contains(line, "can't resolve "):
			a.Code = sts.DNSNotFound
		}
	}
}

// readGetent: addresses, or none for an unknown reason.
func readGetent(text string, a *sts.DNSAnswer) {
	if a.Type == sts.RecordSRV {
		a.Problem = msgGetentSRV()
		return
	}
	a.Code = sts.DNSNotFound
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 {
			addAddress(a, f[0])
		}
	}
	if len(a.Addresses) > 0 {
		a.Code = codeName(0)
	}
}

// addAddress adds text if it is an address of the queried type. If there are no IPv6 addresses,
// getent maps IPv4 addresses to IPv6: these are not in DNS.
func addAddress(a *sts.DNSAnswer, text string) {
	if ip, err := netip.ParseAddr(text); err == nil && !ip.Is4In6() && sts.AddressRecord(ip.String()) == a.Type && !slices.Contains(a.Addresses, ip.String()) {
		a.Addresses = append(a.Addresses, ip.String())
	}
}

func addService(a *sts.DNSAnswer, port, target string) {
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		a.Services = append(a.Services, sts.DNSService{Target: canonicalName(target), Port: int32(n)})
	}
}

// unanswered sets why there is no code.
func unanswered(text string, a *sts.DNSAnswer) {
	if strings.Contains(text, "timed out") || strings.Contains(text, "no servers could be reached") {
		a.Problem, a.TimedOut = msgSilent(), true
		return
	}
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	a.Problem = msgUnexpectedOutput(line)
}
