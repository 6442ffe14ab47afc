package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims/claimstest"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

var claimRaceRounds = flag.Int("claim-race-rounds", 40, "for how many sets TestClaimRaces races")

// claimRaceGroup sets share a namespace and a command.
const claimRaceGroup = 40

// TestClaimRaces has sets grow and pods appear while pvc-gc deletes the claims that they
// want, at any moment. Every file that was written is there afterwards: in the claim of
// its name, or in a volume that keeps it and that the report names.
func TestClaimRaces(t *testing.T) {
	t.Parallel()
	c := cluster.Shared(t, nil)
	config := c.RESTConfig()
	config.QPS = -1
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string]int{}
	// On a quick or a busy machine, one side may win every race of a group: then others are played.
	neededAgain := func() bool { return ends["ClaimRestored"]+ends["ClaimHeld"]+ends["ClaimReplaced"] > 0 }
	bothWon := func() bool { return neededAgain() && ends["ClaimKept"] > 0 && ends["ClaimDeleted"] > 0 }
	rounds := *claimRaceRounds / claimRaceGroup
	const more = 20
	for group := 0; group < rounds || !bothWon() && group < rounds+more; group++ {
		r := &claimRace{claimWorld: claimWorld{t: t, kube: kube, namespace: c.Namespace(t)}, random: rand.New(rand.NewPCG(uint64(group), 200)), files: map[string]file{}}
		r.run(c, ends)
	}
	t.Logf("how it ended for claims: %v", ends)
	// The races were real: neither side was always first.
	for _, reason := range []string{"ClaimDeleted", "ClaimKept"} {
		if ends[reason] == 0 {
			t.Errorf("no claim ended with %s", reason)
		}
	}
	if !neededAgain() {
		t.Errorf("no claim was needed again after it was deleted")
	}
}

// file is what was written for a claim, and into which volume.
type file struct{ volume, path, text string }

type claimRace struct {
	claimWorld
	random *rand.Rand
	files  map[string]file
}

// run is one command with all that races against it.
func (r *claimRace) run(c *cluster.Cluster, ends map[string]int) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 2**patience)
	defer cancel()
	sets := make([]string, claimRaceGroup)
	var all sync.WaitGroup
	for i := range sets {
		sets[i] = fmt.Sprintf("web%d", i)
		all.Go(func() {
			r.do(claimstest.ClaimStep{Create: &claimstest.WorldSet{Name: sets[i], Size: 3, Templates: []string{"data"}}})
		})
	}
	all.Wait()
	r.writeFiles(ctx, sets)
	for _, set := range sets {
		all.Go(func() { r.do(claimstest.ClaimStep{Scale: &claimstest.SizeOf{Set: set, Size: 1}}) })
	}
	all.Wait()

	cmd := exec.Command(filepath.Join(bin, "kubectl-sts"), "pvc-gc", "-n", r.namespace, "--delete", "--yes", "--max", "1000", "-o", "json")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	var told strings.Builder
	cmd.Stderr = &told
	deleted := r.deletions(ctx)
	for _, set := range sets {
		// How soon the claims are read again, and so when a move is in time, depends on the machine.
		latest := []int{250, 700, 2500}[r.random.IntN(3)]
		move, after, late := r.random.IntN(4), time.Duration(r.random.IntN(latest))*time.Millisecond, r.random.IntN(2) == 0
		all.Go(func() {
			if late { // on a machine of any pace
				select {
				case <-deleted("data-" + set + "-2"):
				case <-time.After(after + 10*time.Second):
				}
			} else {
				time.Sleep(after)
			}
			switch move {
			case 0, 1: // grows by one, or two
				raw := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, move+2)
				_, err := r.kube.AppsV1().StatefulSets(r.namespace).Patch(ctx, set, types.MergePatchType, raw, metav1.PatchOptions{})
				r.check(err)
			case 2:
				r.do(claimstest.ClaimStep{Mount: "data-" + set + "-2"})
			}
		})
	}
	out, err := cmd.Output()
	all.Wait()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 4) {
		r.t.Fatalf("pvc-gc: %v\n%s", err, told.String())
	}
	var report struct {
		Items []struct {
			Claim, Volume, Error string
			Outcome              struct{ Reason, Message string }
		}
	}
	r.check(json.Unmarshal(out, &report))
	reported := map[string]string{}
	person := false
	for _, item := range report.Items {
		if item.Error != "" {
			r.t.Errorf("%s: %s", item.Claim, item.Error)
		}
		ends[item.Outcome.Reason]++
		reported[item.Claim] = item.Volume
		person = person || slices.Contains([]string{"ClaimRestored", "ClaimHeld", "ClaimReplaced"}, item.Outcome.Reason)
	}
	if person != (exit != nil) {
		r.t.Errorf("exit code 4: %t, a claim that needs a person: %t\n%s", exit != nil, person, told.String())
	}
	r.readFiles(ctx, reported)
	r.auditDeletions(c)
	r.cleanUp(ctx)
}

// deletions tells of each claim when it is being deleted.
func (r *claimRace) deletions(ctx context.Context) func(claim string) <-chan struct{} {
	var mu sync.Mutex
	seen := map[string]chan struct{}{}
	of := func(claim string) chan struct{} {
		mu.Lock()
		defer mu.Unlock()
		if seen[claim] == nil {
			seen[claim] = make(chan struct{})
		}
		return seen[claim]
	}
	w, err := r.kube.CoreV1().PersistentVolumeClaims(r.namespace).Watch(ctx, metav1.ListOptions{})
	r.check(err)
	go func() {
		told := map[string]bool{}
		for e := range w.ResultChan() {
			if c, ok := e.Object.(*corev1.PersistentVolumeClaim); ok && !told[c.Name] && (c.DeletionTimestamp != nil || e.Type == watch.Deleted) {
				told[c.Name] = true
				close(of(c.Name))
			}
		}
	}()
	return func(claim string) <-chan struct{} { return of(claim) }
}

// writeFiles writes one into the volume of every claim.
func (r *claimRace) writeFiles(ctx context.Context, sets []string) {
	volumes, err := r.kube.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	r.check(err)
	for i := range volumes.Items {
		v := &volumes.Items[i]
		if ref := v.Spec.ClaimRef; ref != nil && ref.Namespace == r.namespace && v.Spec.HostPath != nil {
			f := file{volume: v.Name, path: filepath.Join(v.Spec.HostPath.Path, "file"), text: "written to " + ref.Name}
			r.check(os.WriteFile(f.path, []byte(f.text), 0o600))
			r.files[ref.Name] = f
		}
	}
	if len(r.files) != 3*len(sets) {
		r.t.Fatalf("%d volumes, want %d", len(r.files), 3*len(sets))
	}
}

// readFiles: whatever has become of a claim, its file is readable, and from where is
// known: the claim of that name has the volume, or the report says which volume keeps it.
func (r *claimRace) readFiles(ctx context.Context, reported map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		f := r.files[name]
		text, err := os.ReadFile(f.path)
		if err != nil || string(text) != f.text {
			r.t.Errorf("the file of %s is lost: %q, %v", name, text, err)
			continue
		}
		volume, err := r.kube.CoreV1().PersistentVolumes().Get(ctx, f.volume, metav1.GetOptions{})
		r.check(err)
		claim, err := r.kube.CoreV1().PersistentVolumeClaims(r.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			r.t.Fatal(err)
		}
		kept := volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRetain && volume.Labels[sts.RetainedLabel] == "true"
		switch {
		case err == nil && claim.Spec.VolumeName == f.volume && claim.DeletionTimestamp == nil:
			if kept && reported[name] != "" {
				r.t.Errorf("%s has its volume, which still counts as kept for a deleted claim", name)
			}
		case !kept || reported[name] != f.volume:
			r.t.Errorf("the file of %s is in volume %s, with policy %s and labels %v; the report says %q",
				name, f.volume, volume.Spec.PersistentVolumeReclaimPolicy, volume.Labels, reported[name])
		}
	}
}

// auditDeletions: every deletion of a claim named the one that was meant, as it was seen.
func (r *claimRace) auditDeletions(c *cluster.Cluster) {
	events, err := c.Audit(r.namespace)
	r.check(err)
	n := 0
	for _, e := range events {
		if e.Verb != "delete" || e.Resource != "persistentvolumeclaims" || !strings.HasPrefix(e.UserAgent, "kubectl-sts/") {
			continue
		}
		n++
		if p := preconditions(e); p.UID == "" || p.ResourceVersion == "" {
			r.t.Errorf("%s was deleted with the preconditions %+v", e.Name, p)
		}
	}
	if n == 0 {
		r.t.Errorf("no claim was deleted")
	}
}

// cleanUp leaves no volume behind: they have no namespace to go with.
func (r *claimRace) cleanUp(ctx context.Context) {
	for name, f := range r.files {
		_, err := r.kube.CoreV1().PersistentVolumes().Patch(ctx, f.volume, types.MergePatchType,
			[]byte(`{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}`), metav1.PatchOptions{})
		if err != nil {
			r.t.Logf("volume of %s: %v", name, err)
		}
	}
}
