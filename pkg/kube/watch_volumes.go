package kube

import (
	"context"
	"errors"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// volumes adds those that the claims of the inventory name: a cluster has many more.
func (v *View) volumes(inv *sts.Inventory) {
	i := slices.IndexFunc(v.kinds, func(k *kind) bool { return k.resource == "persistentvolumes" })
	if i < 0 {
		return
	}
	inv.Volumes = []sts.Volume{}
	add := func(name string) {
		if o, found, err := v.kinds[i].informer.GetStore().GetByKey(name); err == nil && found {
			inv.Volumes = append(inv.Volumes, sts.NewVolume(o.(*corev1.PersistentVolume)))
		}
	}
	for _, name := range volumeNames(inv.Claims) {
		add(name)
	}
	for _, volume := range inv.Volumes {
		if name := volume.CopiedTo(); name != "" {
			add(name)
		}
	}
}

// doubt is a claim whose watched volume does not fit it: the volume is missing, or is bound to another claim.
type doubt struct {
	claim    types.UID
	volume   string
	bound    types.UID // the UID of the claim to which the volume is bound; empty if the volume is missing
	deleting bool
}

// confirmVolumes reads the volumes that do not fit their claims: claims and volumes have a watch each, and that of
// the volumes may be behind, so that the volume of a new claim seems to be missing. Each is requested once. It is
// false when nothing is known yet: the request has failed, and is repeated.
func (v *View) confirmVolumes(ctx context.Context, inv *sts.Inventory) bool {
	if inv.Volumes == nil || !v.sees("persistentvolumes") {
		return true
	}
	at := map[string]int{}
	for i := range inv.Volumes {
		at[inv.Volumes[i].Name] = i
	}
	var doubts []doubt
	unasked := map[string]bool{}
	for _, claim := range inv.Claims {
		if d, ok := doubted(inv, at, claim); ok {
			doubts = append(doubts, d)
			if _, asked := v.doubted[d]; !asked {
				unasked[d.volume] = true
			}
		}
	}
	fresh, hidden, err := v.client.volumesNamed(ctx, unasked)
	switch {
	case ctx.Err() != nil:
		return false
	case hidden != "":
		v.hide("persistentvolumes", hidden)
		return false
	case err != nil:
		if err = v.failed(msgReadVolumes(), err); !errors.Is(err, operate.ErrTransient) {
			v.fail(err)
		}
		return false
	}
	known := map[doubt]*sts.Volume{}
	for _, d := range doubts {
		volume := v.doubted[d]
		if unasked[d.volume] {
			volume = fresh[d.volume]
		}
		known[d] = volume
		switch i, watched := at[d.volume]; {
		case volume == nil:
		case watched:
			inv.Volumes[i] = *volume
		default:
			inv.Volumes = append(inv.Volumes, *volume)
		}
	}
	v.doubted = known
	return true
}

// doubted says whether the volume of the claim does not fit it.
func doubted(inv *sts.Inventory, at map[string]int, claim *corev1.PersistentVolumeClaim) (doubt, bool) {
	risk := diagnose.NewClaimRisk(claim, func(name string) (sts.Volume, bool) {
		i, found := at[name]
		if !found {
			return sts.Volume{}, false
		}
		return inv.Volumes[i], true
	}, true, inv.TakenAt)
	if risk == nil || risk.Reason != diagnose.VolumeIsMissing && risk.Reason != diagnose.VolumeIsTaken {
		return doubt{}, false
	}
	d := doubt{claim: claim.UID, volume: claim.Spec.VolumeName}
	if i, found := at[d.volume]; found {
		d.bound, d.deleting = inv.Volumes[i].Claim.UID, inv.Volumes[i].DeletionTimestamp != nil
	}
	return d, true
}

// volumesNamed are the PersistentVolumes with these names, without those that do not exist; hidden is why they must not
// be listed.
func (c *Client) volumesNamed(ctx context.Context, wanted map[string]bool) (found map[string]*sts.Volume, hidden string, err error) {
	found = map[string]*sts.Volume{}
	own := &sts.Inventory{}
	ctx, cancel := context.WithTimeout(ctx, missedFor)
	defer cancel()
	r := reader{ctx: ctx, inv: own}
	r.byNames("persistentvolumes", slices.Sorted(maps.Keys(wanted)), listOf(c.kube.CoreV1().PersistentVolumes().List), func(o runtime.Object) {
		volume := sts.NewVolume(o.(*corev1.PersistentVolume))
		found[volume.Name] = &volume
	})
	err = r.wait()
	for _, m := range own.Missing {
		hidden = m.Reason
	}
	return found, hidden, err
}

// sees says whether the resource can be watched.
func (v *View) sees(resource string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, hidden := v.hidden[resource]
	return !hidden && slices.ContainsFunc(v.kinds, func(k *kind) bool { return k.resource == resource })
}
