package doctor

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// CheckList lists checks.
type CheckList struct {
	metav1.TypeMeta `json:",inline"`
	// Items are the checks, by code.
	Items []CheckInfo `json:"items"`
}

// CheckInfo describes a check.
type CheckInfo struct {
	// Code is the code of the check.
	Code sts.FindingCode `json:"code"`
	// Severity is that of its worst finding.
	Severity sts.Severity `json:"severity"`
	// Looks is where it looks.
	Looks Looks `json:"looks"`
	// Title is what is wrong, in a line.
	Title string `json:"title"`
	// Explanation is why it matters, what the check looks at, and when it reports a lower severity or nothing.
	Explanation string `json:"explanation"`
	// Remedy is what to do.
	Remedy string `json:"remedy"`
	// Needs are the resources that it must be able to list.
	Needs []string `json:"needs,omitempty"`
}

// NewCheckList describes these checks.
func NewCheckList(checks []*Check) *CheckList {
	l := &CheckList{TypeMeta: metav1.TypeMeta{APIVersion: sts.APIVersion, Kind: "DoctorCheckList"}, Items: []CheckInfo{}}
	for _, c := range checks {
		l.Items = append(l.Items, CheckInfo{Code: c.Code, Severity: c.Severity, Looks: c.Looks, Title: c.Title, Explanation: c.Explain, Remedy: c.Remedy, Needs: c.Needs})
	}
	return l
}
