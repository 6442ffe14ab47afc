package report

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// HistoryReport lists the revisions in a StatefulSet's history, newest first.
type HistoryReport struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// Items are its ControllerRevisions.
	Items []Revision `json:"items"`
	// Missing is what could not be read.
	Missing []sts.Missing `json:"missing,omitempty"`
}

// Revision is one ControllerRevision of the set.
type Revision struct {
	// Revision is its number, for `--to-revision`, `--from-revision`; Kubernetes assigns a new number
	// to a revision that is used again.
	Revision int64 `json:"revision"`
	// Name is its name, which does not change.
	Name string `json:"name"`
	// Created is when it was first used.
	Created metav1.Time `json:"created"`
	// Stable is true for the revision before the update.
	Stable bool `json:"stable"`
	// Update is true for the revision of the update.
	Update bool `json:"update"`
	// Ordinals are the pods that run it.
	Ordinals []sts.Ordinal `json:"ordinals"`
	// Changes are the changes from the previous revision; absent for the oldest.
	Changes []sts.Change `json:"changes,omitempty"`
	// Error is why it could not be read.
	Error string `json:"error,omitempty"`
}

// NewHistoryReport reports on one set. Its snapshot has to hold the revisions.
func NewHistoryReport(s *sts.Snapshot) *HistoryReport {
	r := &HistoryReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "HistoryReport"},
		Namespace: s.Set.Namespace, Name: s.Set.Name, Items: []Revision{}, Missing: s.Missing,
	}
	on := map[string][]sts.Ordinal{}
	for _, replica := range s.Replicas() {
		if replica.Pod != nil {
			on[replica.Revision] = append(on[replica.Revision], replica.Ordinal)
		}
	}
	stable := diagnose.Stable(s)
	var before json.RawMessage
	for _, revision := range s.Revisions {
		item := Revision{
			Revision: revision.Revision, Name: revision.Name, Created: revision.CreationTimestamp,
			Stable: revision.Name == stable, Update: revision.Name == s.Set.Status.UpdateRevision,
			Ordinals: on[revision.Name],
		}
		if item.Ordinals == nil {
			item.Ordinals = []sts.Ordinal{}
		}
		template, err := sts.RevisionTemplate(revision)
		if err == nil && before != nil {
			item.Changes, err = sts.Changes(before, template)
		}
		if err != nil {
			item.Error = err.Error()
		} else {
			before = template
		}
		r.Items = append(r.Items, item)
	}
	slices.Reverse(r.Items)
	return r
}

// DiffReport compares the pod templates of two revisions.
type DiffReport struct {
	metav1.TypeMeta `json:",inline"`
	// Namespace is the namespace of the StatefulSet.
	Namespace string `json:"namespace"`
	// Name is the name of the StatefulSet.
	Name string `json:"name"`
	// From is the name of the older revision.
	From string `json:"from"`
	// To is the name of the newer revision.
	To string `json:"to"`
	// Changes are the fields in which the two pod templates differ, by path.
	Changes []sts.Change `json:"changes"`

	// FromTemplate and ToTemplate are the compared templates, for printing.
	FromTemplate json.RawMessage `json:"-"`
	ToTemplate   json.RawMessage `json:"-"`
}

// NewDiffReport compares two revisions by number; 0 stands for the stable revision and for the
// update revision. An error names a revision that is not in history.
func NewDiffReport(s *sts.Snapshot, from, to int64) (*DiffReport, error) {
	return diff(s, from, diagnose.Stable(s), to, s.Set.Status.UpdateRevision)
}

// diff compares two revisions, each by number, or with 0 by name.
func diff(s *sts.Snapshot, from int64, fromName string, to int64, toName string) (*DiffReport, error) {
	r := &DiffReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "DiffReport"},
		Namespace: s.Set.Namespace, Name: s.Set.Name,
	}
	var err error
	if r.From, r.FromTemplate, err = template(s, from, fromName); err != nil {
		return nil, err
	}
	if r.To, r.ToTemplate, err = template(s, to, toName); err != nil {
		return nil, err
	}
	r.Changes, err = sts.Changes(r.FromTemplate, r.ToTemplate)
	return r, err
}

// template finds a revision by number, or with 0 by name, and reads its template.
// The stable one of a canary is recorded, also when history has dropped it.
func template(s *sts.Snapshot, number int64, name string) (string, json.RawMessage, error) {
	i := slices.IndexFunc(s.Revisions, func(r *appsv1.ControllerRevision) bool {
		return number != 0 && r.Revision == number || number == 0 && r.Name == name
	})
	if i >= 0 {
		raw, err := sts.RevisionTemplate(s.Revisions[i])
		return s.Revisions[i].Name, raw, err
	}
	if number != 0 {
		return "", nil, errors.New(msgRevisionNotFound(s.Set.Name, strconv.FormatInt(number, 10)))
	}
	if c, err := record.ReadCanary(s.Set); err == nil && c != nil && c.StableRevision == name {
		return name, c.StableTemplate, nil
	}
	return "", nil, errors.New(msgRevisionNotFound(s.Set.Name, name))
}
