package claims_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
)

// shop is a namespace in which much has happened, recorded from a real cluster: web was
// scaled from 5 to 3 and has an HPA up to 4; cache was recreated without its template wal
// and from ordinal 1 on; queue is parked with size 3; old and web-db are deleted, and db uses
// some of their claims; wiped has a retention policy that deletes.
const shop = "shop"

func TestClaimReportOfRecordedScenario(t *testing.T) {
	report, unknown := claims.NewReport(ststest.Load(t, shop), claims.Query{})
	if len(unknown) > 0 {
		t.Errorf("unknown: %v", unknown)
	}
	raw, err := yaml.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(raw), shop+".report")
}

// Resources that may not be listed are missing, and the claims that depend on them excluded.
func TestClaimReportOfNamespacePermissionsOnly(t *testing.T) {
	inv := ststest.Load(t, shop)
	inv.Pods, inv.Volumes, inv.HPAs, inv.Events = nil, nil, nil, nil
	for _, r := range []string{"events", "horizontalpodautoscalers", "persistentvolumes", "pods"} {
		inv.Missing = append(inv.Missing, sts.Missing{Resource: r, Reason: r + " is forbidden"})
	}
	report, _ := claims.NewReport(inv, claims.Query{})
	raw, err := yaml.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(raw), shop+"-hidden.report")
}

// Claims that were named and do not exist are reported.
func TestAbsentClaims(t *testing.T) {
	q := claims.Query{Claims: []string{"data-web-4", "nothing"}}
	if got := q.Absent(ststest.Load(t, shop)); len(got) != 1 || got[0] != "nothing" {
		t.Errorf("absent: %v", got)
	}
}

func TestClaimQuery(t *testing.T) {
	for name, test := range map[string]struct {
		query   claims.Query
		claims  []string
		may     []string
		unknown []string
	}{
		"a set": {
			claims.Query{Names: []string{"web"}},
			[]string{"data-web-0", "data-web-1", "data-web-2", "data-web-3", "data-web-4"}, []string{"data-web-4"}, nil,
		},
		"a set that is gone": {
			claims.Query{Names: []string{"old", "never"}, Choice: claims.Choice{DeletedSets: true}},
			[]string{"data-old-0", "data-old-1"}, []string{"data-old-0"}, []string{"never"},
		},
		"ordinals": {
			claims.Query{Ordinals: sts.Ordinals{{First: 3, Last: 9}}, Choice: claims.Choice{Reserved: true, Parked: true}},
			[]string{"data-queue-3", "data-web-3", "data-web-4"}, []string{"data-queue-3", "data-web-3", "data-web-4"}, nil,
		},
		"a selector": {
			claims.Query{Selector: labels.SelectorFromSet(labels.Set{"app": "queue"})},
			[]string{"data-queue-0", "data-queue-1", "data-queue-2", "data-queue-3"}, nil, nil,
		},
		"claims": {
			claims.Query{Claims: []string{"data-web-4", "data-old-0"}, Choice: claims.Choice{DeletedSets: true}},
			[]string{"data-old-0", "data-web-4"}, []string{"data-old-0", "data-web-4"}, nil,
		},
		"a claim of another set": {
			claims.Query{Names: []string{"web"}, Claims: []string{"data-old-0"}, Choice: claims.Choice{DeletedSets: true}}, nil, nil, nil,
		},
		// db's template gives their names, too, and web-db has created them.
		"a set that gives the names": {
			claims.Query{Names: []string{"db"}, Choice: claims.Choice{DeletedSets: true}},
			[]string{"data-web-db-0", "data-web-db-1", "data-web-db-2"}, nil, nil,
		},
		"the set that has created them": {
			claims.Query{Names: []string{"web-db"}, Choice: claims.Choice{DeletedSets: true}},
			[]string{"data-web-db-2"}, []string{"data-web-db-2"}, nil,
		},
		"unused for a month": {
			claims.Query{Names: []string{"cache"}, Choice: claims.Choice{OlderThan: 30 * 24 * time.Hour}},
			[]string{"data-cache-0", "wal-cache-0", "data-cache-1", "wal-cache-1", "data-cache-2", "wal-cache-2"}, []string{"wal-cache-0"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inv := ststest.Load(t, shop)
			slices.Reverse(inv.Claims)
			report, unknown := claims.NewReport(inv, test.query)
			var claims, may []string
			for _, c := range report.Items {
				claims = append(claims, c.Name)
				if c.Candidate {
					may = append(may, c.Name)
				}
			}
			if diff := cmp.Diff([][]string{test.claims, test.may, test.unknown}, [][]string{claims, may, unknown}); diff != "" {
				t.Errorf("claims, candidates, unknown (-want +got):\n%s", diff)
			}
			if report.Total.Claims != len(claims) || report.Total.Candidates != len(may) {
				t.Errorf("sums of %+v", report.Total)
			}
		})
	}
}
