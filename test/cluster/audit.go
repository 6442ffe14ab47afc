package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// AuditEvent is one request that the API server has answered: its content, its
// client and its result.
type AuditEvent struct {
	Time        time.Time // when the server received it
	Answered    time.Time // when it had answered
	Stage       string
	Verb        string
	User        string
	UserAgent   string
	Resource    string
	Subresource string
	Name        string
	Namespace   string
	URI         string // including the query
	Code        int
	// Request and Response are the bodies; nil for secrets, events, the status
	// of sets, and reads.
	Request  json.RawMessage
	Response json.RawMessage
	// Patch is the type of a patch, as far as its body shows it, because the log
	// has no content types: JSON patch and apply are certain, all others count
	// as merge patches. It is "" for other verbs.
	Patch types.PatchType
}

// Audit returns the requests for objects in this namespace, and for the namespace
// itself, in the order of their responses. It includes all requests whose response
// the caller has received.
func (c *Cluster) Audit(namespace string) ([]AuditEvent, error) {
	return c.audit.events(namespace)
}

// AuditOf returns the requests of a user of [Cluster.KubeconfigFor] whose name has an @, wherever the objects are.
func (c *Cluster) AuditOf(user string) ([]AuditEvent, error) {
	return c.audit.events(user)
}

// auditReader reads a growing log. For most lines it keeps only the position: a
// large test writes very many, and reads those of one namespace.
type auditReader struct {
	path string

	mu         sync.Mutex
	offset     int64
	namespaces map[string]*namespaceLog // by namespace, and by user: a namespace has no @
}

// namespaceLog has the events read so far, and the positions of later ones.
type namespaceLog struct {
	events []AuditEvent
	unread []span
}

type span struct {
	offset int64
	length int
}

func (r *auditReader) events(namespace string) ([]AuditEvent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	log, err := os.Open(r.path)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer log.Close()
	if err := r.catchUp(log); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	ns := r.namespaces[namespace]
	if ns == nil {
		return nil, nil
	}
	for _, line := range ns.unread {
		data := make([]byte, line.length)
		if _, err := log.ReadAt(data, line.offset); err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		event, err := parseAuditEvent(data)
		if err != nil {
			return nil, err
		}
		ns.events = append(ns.events, event)
	}
	ns.unread = nil
	return slices.Clone(ns.events), nil
}

// catchUp records the positions of lines that were added since the last time.
func (r *auditReader) catchUp(log *os.File) error {
	if r.namespaces == nil {
		r.namespaces = map[string]*namespaceLog{}
	}
	if _, err := log.Seek(r.offset, io.SeekStart); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(log, 1<<20)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // an incomplete line is read next time
		}
		if err != nil {
			return err
		}
		for _, key := range answered(line) {
			ns := r.namespaces[key]
			if ns == nil {
				ns = &namespaceLog{}
				r.namespaces[key] = ns
			}
			ns.unread = append(ns.unread, span{r.offset, len(line)})
		}
		r.offset += int64(len(line))
	}
}

// answered are the namespace and the user of an event whose request was answered, as far as it has them. It
// reads only up to the object's reference, which precedes the bodies; quotes in the preceding text are escaped.
func answered(line []byte) []string {
	head, reference, found := bytes.Cut(line, []byte(`"objectRef":`))
	if !found || !bytes.Contains(head, []byte(`"stage":"ResponseComplete"`)) {
		return nil
	}
	var keys []string
	if m := userWithAt.FindSubmatch(head); m != nil {
		keys = append(keys, string(m[1]))
	}
	var ref struct{ Namespace string }
	if err := json.NewDecoder(bytes.NewReader(reference)).Decode(&ref); err == nil && ref.Namespace != "" {
		keys = append(keys, ref.Namespace)
	}
	return keys
}

var userWithAt = regexp.MustCompile(`"user":{"username":"([^"]*@[^"]*)"`)

func parseAuditEvent(line []byte) (AuditEvent, error) {
	var logged struct {
		Stage                    string
		Verb                     string
		RequestURI               string
		User                     struct{ Username string }
		UserAgent                string
		RequestReceivedTimestamp time.Time
		StageTimestamp           time.Time
		ObjectRef                struct{ Resource, Subresource, Name, Namespace string }
		ResponseStatus           struct{ Code int }
		RequestObject            json.RawMessage
		ResponseObject           json.RawMessage
	}
	if err := json.Unmarshal(line, &logged); err != nil {
		return AuditEvent{}, fmt.Errorf("read an event of the audit log: %w", err)
	}
	event := AuditEvent{
		Time:        logged.RequestReceivedTimestamp,
		Answered:    logged.StageTimestamp,
		Stage:       logged.Stage,
		Verb:        logged.Verb,
		User:        logged.User.Username,
		UserAgent:   logged.UserAgent,
		Resource:    logged.ObjectRef.Resource,
		Subresource: logged.ObjectRef.Subresource,
		Name:        logged.ObjectRef.Name,
		Namespace:   logged.ObjectRef.Namespace,
		URI:         logged.RequestURI,
		Code:        logged.ResponseStatus.Code,
		Request:     logged.RequestObject,
		Response:    logged.ResponseObject,
	}
	if event.Verb == "patch" {
		event.Patch = patchType(event.URI, event.Request)
	}
	return event, nil
}

func patchType(uri string, body []byte) types.PatchType {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		return types.JSONPatchType
	}
	// Only an apply requires a manager, and it sends a whole object.
	var object struct{ APIVersion, Kind string }
	if u, err := url.Parse(uri); err == nil && u.Query().Get("fieldManager") != "" &&
		json.Unmarshal(body, &object) == nil && object.APIVersion != "" && object.Kind != "" {
		return types.ApplyPatchType
	}
	return types.MergePatchType
}
