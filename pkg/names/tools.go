package names

import (
	"cmp"
	_ "embed"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// script makes all queries in its arguments, TYPE/NAME each, after the timeout in seconds.
//
//go:embed tools.sh
var script string

// ToolCommand makes queries with the first tool that is found: dig, the nslookup of BIND or busybox, or
// getent. What they do not report remains unknown: nslookup reports no TTL, and getent only addresses.
// The timeout is that of one query, in whole seconds.
func ToolCommand(timeout time.Duration, questions []Question) []string {
	seconds := max(1, int(timeout.Round(time.Second)/time.Second))
	command := []string{"sh", "-c", script, "sh", strconv.Itoa(seconds)}
	for _, q := range questions {
		command = append(command, sectionOf(q))
	}
	return command
}

// ExitNoTool is the exit code of a ToolCommand that finds no tool.
const ExitNoTool = 69

// ToolOutput is the output of a ToolCommand.
type ToolOutput struct {
	// Tool made the queries, Server is the address of the server that it reported. Each is empty if
	// it is not known.
	Tool, Server string

	sections map[string]string // the output for each query
}

func sectionOf(q Question) string { return q.Type + "/" + q.Name }

// ParseToolOutput splits the output of a ToolCommand by query.
func ParseToolOutput(text string) ToolOutput {
	out := ToolOutput{sections: map[string]string{}}
	for section := range strings.SplitSeq("\n"+text, "\n@") {
		head, body, _ := strings.Cut(section, "\n")
		switch kind, value, _ := strings.Cut(head, " "); kind {
		case "tool":
			out.Tool = value
		case "asked":
			out.sections[value] = body
			out.Server = cmp.Or(serverOf(body), out.Server)
		}
	}
	return out
}

// Answer is the answer to one of the queries, ok is false if it was not made.
func (o *ToolOutput) Answer(q Question) (a Answer, ok bool) {
	a.Question = q
	section, ok := o.sections[sectionOf(q)]
	read := readers[o.Tool]
	if !ok || read == nil {
		return a, false
	}
	read(section, &a)
	return a, true
}

// readers parse the output of the tools.
var readers = map[string]func(text string, a *Answer){
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
func readDig(text string, a *Answer) {
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
		case kind == recordSRV && len(f) == 8:
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
func readNslookup(text string, a *Answer) {
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
			a.Code = notFound
		}
	}
}

// readGetent: addresses, or none for an unknown reason.
func readGetent(text string, a *Answer) {
	if a.Type == recordSRV {
		a.Problem = msgGetentSRV()
		return
	}
	a.Code = notFound
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
func addAddress(a *Answer, text string) {
	if ip, err := netip.ParseAddr(text); err == nil && !ip.Is4In6() && recordOf(ip.String()) == a.Type && !slices.Contains(a.Addresses, ip.String()) {
		a.Addresses = append(a.Addresses, ip.String())
	}
}

func addService(a *Answer, port, target string) {
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		a.Services = append(a.Services, SRV{Target: canonicalName(target), Port: int32(n)})
	}
}

// ErrNoAnswer: there was no answer in time.
var ErrNoAnswer = errors.New(msgNoAnswer())

// unanswered sets why there is no code.
func unanswered(text string, a *Answer) {
	if strings.Contains(text, "timed out") || strings.Contains(text, "no servers could be reached") {
		a.Problem, a.TimedOut = ErrNoAnswer.Error(), true
		return
	}
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	a.Problem = msgUnexpectedOutput(line)
}
