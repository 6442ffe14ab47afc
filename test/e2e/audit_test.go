package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

func isNotFound(err error) bool { return apierrors.IsNotFound(err) }

// assertAudit counts the requests in the scenario's namespace that match all filters.
func assertAudit(s *scenario, ts *testscript.TestScript, args []string) error {
	usage(ts, len(args) > 0, "audit mark | audit COUNT|>=COUNT|<=COUNT FILTER…")
	events, err := s.cluster.Audit(s.namespace)
	if err != nil {
		return err
	}
	if args[0] == "mark" {
		s.since, s.markedAt = len(events), time.Now()
		return nil
	}
	events = events[s.since:]
	if name, ok := strings.CutPrefix(args[len(args)-1], "user="); ok {
		args = args[:len(args)-1]
		if events, err = s.cluster.AuditOf(name + "@" + s.namespace); err != nil {
			return err
		}
		events = slices.DeleteFunc(events, func(e cluster.AuditEvent) bool { return e.Time.Before(s.markedAt) })
	}
	filters, err := parseFilters(s, args[1:])
	if err != nil {
		return err
	}
	n := 0
	var near []string
	for _, e := range events {
		fits := true
		for _, f := range filters {
			fits = fits && f(e)
		}
		if fits {
			n++
		}
		if strings.HasPrefix(e.UserAgent, "kubectl-sts/") && (isWrite(e) || fits) {
			near = append(near, fmt.Sprintf("  %t %s %s %d %.1500s", fits, e.Verb, e.URI, e.Code, e.Request))
		}
	}
	digits := strings.TrimLeft(args[0], "<>=")
	want, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	ok := n == want
	switch strings.TrimSuffix(args[0], digits) {
	case ">=":
		ok = n >= want
	case "<=":
		ok = n <= want
	}
	if ok {
		return nil
	}
	return fmt.Errorf("%d requests fit, want %s; what kubectl-sts wrote, and whether it fits:\n%s", n, args[0], strings.Join(near, "\n"))
}

func isEffective(e cluster.AuditEvent) bool { return e.Code < 300 && !isDry(e) }

// isDry: deletions and evictions have the dry run in their body.
func isDry(e cluster.AuditEvent) bool {
	var body struct {
		DryRun        []string
		DeleteOptions struct{ DryRun []string }
	}
	inBody := e.Verb == "delete" || e.Subresource == "eviction"
	return uriHas(e, "dryRun", "All") || inBody && json.Unmarshal(e.Request, &body) == nil && len(body.DryRun)+len(body.DeleteOptions.DryRun) > 0
}

type filter func(cluster.AuditEvent) bool

func isWrite(e cluster.AuditEvent) bool {
	return e.Verb != "get" && e.Verb != "list" && e.Verb != "watch"
}

func uriHas(e cluster.AuditEvent, key, value string) bool {
	u, err := url.Parse(e.URI)
	return err == nil && u.Query().Get(key) == value
}

// parseFilters parses the filters. By default only requests of the plugin count.
func parseFilters(s *scenario, args []string) ([]filter, error) {
	agent := "kubectl-sts/"
	var out []filter
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "agent":
			agent = value
		case "write":
			out = append(out, isWrite)
		case "effective": // it succeeded and was no dry run
			out = append(out, isEffective)
		case "refused":
			out = append(out, func(e cluster.AuditEvent) bool { return e.Code >= 400 })
		case "forbidden":
			out = append(out, func(e cluster.AuditEvent) bool { return e.Code == http.StatusForbidden })
		case "dry":
			out = append(out, isDry)
		case "verb":
			out = append(out, func(e cluster.AuditEvent) bool { return e.Verb == value })
		case "on":
			resource, name, _ := strings.Cut(value, "/")
			out = append(out, func(e cluster.AuditEvent) bool {
				kind := e.Resource
				if e.Subresource != "" {
					kind += "." + e.Subresource
				}
				return kind == resource && (name == "" || e.Name == name)
			})
		case "manager":
			out = append(out, func(e cluster.AuditEvent) bool { return uriHas(e, "fieldManager", value) })
		case "patch":
			out = append(out, func(e cluster.AuditEvent) bool { return string(e.Patch) == "application/"+value+"-patch+json" })
		case "op":
			verb, rest, _ := strings.Cut(value, ":")
			path, want, valued := strings.Cut(rest, "=")
			out = append(out, func(e cluster.AuditEvent) bool { return hasOp(e, verb, path, want, valued) })
		case "uid":
			want := s.saved[strings.TrimPrefix(value, "@")]
			if want == "" {
				return nil, fmt.Errorf("%s was not saved", value)
			}
			out = append(out, func(e cluster.AuditEvent) bool { return preconditions(e).UID == want })
		case "versioned":
			out = append(out, func(e cluster.AuditEvent) bool {
				return preconditions(e).UID != "" && preconditions(e).ResourceVersion != ""
			})
		case "later":
			f, err := later(s, value)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		default:
			return nil, fmt.Errorf("%s is no filter of audit", arg)
		}
	}
	return append(out, func(e cluster.AuditEvent) bool { return strings.HasPrefix(e.UserAgent, agent) }), nil
}

// later parses "4s@NAME".
func later(s *scenario, value string) (filter, error) {
	text, name, _ := strings.Cut(value, "@")
	after, err := time.ParseDuration(text)
	if err != nil {
		return nil, err
	}
	from, err := time.Parse(time.RFC3339, s.saved[name])
	if err != nil {
		return nil, err
	}
	return func(e cluster.AuditEvent) bool { return e.Time.Sub(from) >= after }, nil
}

// hasOp reports whether a JSON patch has an operation on exactly this path.
func hasOp(e cluster.AuditEvent, verb, path, want string, valued bool) bool {
	var ops []struct {
		Op, Path string
		Value    any
	}
	if json.Unmarshal(e.Request, &ops) != nil {
		return false
	}
	for _, o := range ops {
		if o.Op != verb || o.Path != path {
			continue
		}
		text, err := plain(o.Value)
		if err == nil && (!valued || text == want) {
			return true
		}
	}
	return false
}

type precondition struct{ UID, ResourceVersion string }

func preconditions(e cluster.AuditEvent) precondition {
	type options struct{ Preconditions precondition }
	var request struct {
		options               // a deletion
		DeleteOptions options // an eviction
	}
	if json.Unmarshal(e.Request, &request) != nil {
		return precondition{}
	}
	return cmp.Or(request.Preconditions, request.DeleteOptions.Preconditions)
}
