package doctor

import (
	"fmt"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// The partition.

func msgPartition(held []sts.Ordinal, all bool) string {
	if all {
		return "the partition is above all ordinals: no pod will be updated"
	}
	return "the partition excludes pods from updates: " + sts.SayOrdinals(held)
}

func msgPartitionLeft(held []sts.Ordinal, all bool) string {
	if all {
		return "a partition is set and no update is in progress: with the next template no pod will be updated"
	}
	return "a partition is set and no update is in progress: with the next template " + sts.SayOrdinals(held) + " will not be updated"
}

func msgPartitionHolds(held []sts.Ordinal, revision string) string {
	return fmt.Sprintf("the update to %s waits at the partition: %s not updated", revision, sts.SayOrdinals(held))
}

func hintNoPartition() sts.Hint {
	return sts.Hintf("set the partition to 0, unless an update should stop there")
}

func hintCompleteUpdate(namespace, set string) sts.Hint {
	return sts.Hintf("to complete the update: %s", sts.Kubectl(namespace, "sts canary promote", set, "--full"))
}

// maxUnavailable.

func msgMaxUnavailableMayBeDropped(value string) string {
	return "maxUnavailable " + value + " is dropped by Kubernetes up to 1.36 without feature gate MaxUnavailableStatefulSet: pods are then updated one at a time"
}

func msgMaxUnavailableDropped(value string) string {
	return "maxUnavailable " + value + " was applied, but the API server has dropped it: pods are updated one at a time"
}

func hintMaxUnavailable() sts.Hint {
	return sts.Hintf("enable feature gate MaxUnavailableStatefulSet in kube-apiserver and kube-controller-manager, then apply again; or remove the field")
}

// Operations that were not completed.

func msgRecordInvalid(annotation, problem string) string {
	return fmt.Sprintf("annotation %s is not a valid record: %s", annotation, problem)
}

func msgLockOld(o *record.Owner, now time.Time) string {
	return fmt.Sprintf("%q of %s has held the lock for %s", o.Command, o.Name, sts.Age(now.Sub(o.Since)))
}

func hintLockOld() sts.Hint {
	return sts.Hintf("if that command is no longer running, rerun it to resume, with --take-over if you are another user")
}

func msgDrainAbandoned(d *record.Drain, idle time.Duration) string {
	text := fmt.Sprintf("drain-scale from %d to %s is not complete, and no command has resumed it for %s", d.From, sts.Count(d.To, "replica"), sts.Age(idle))
	if d.Member != nil {
		text += fmt.Sprintf("; member %s is %s", d.Member.Ordinal, sts.Words(d.Member.Phase))
	}
	return text
}

func msgRestartAbandoned(left []sts.Ordinal, idle time.Duration) string {
	if len(left) == 0 {
		return fmt.Sprintf("the record of a complete restart remains; no command has removed it for %s", sts.Age(idle))
	}
	return fmt.Sprintf("a restart is not complete, and no command has resumed it for %s; remaining: %s", sts.Age(idle), sts.SayOrdinals(left))
}

func msgAbortAbandoned(idle time.Duration) string {
	return fmt.Sprintf("the abort of a canary is not complete, and no command has resumed it for %s", sts.Age(idle))
}

func msgCanaryOld(idle time.Duration) string {
	return fmt.Sprintf("a canary has not changed for %s", sts.Age(idle))
}

func hintForgetRestart(forget sts.Hint) sts.Hint { return sts.Hintf("remove it: %s", forget) }

func hintResume(resume sts.Hint) sts.Hint { return sts.Hintf("resume it: %s", resume) }

func hintResumeOrCancel(resume, cancel sts.Hint) sts.Hint {
	return sts.Hintf("resume it: %s; or cancel it: %s", resume, cancel)
}

func hintPromoteOrAbort(promote, abort sts.Hint) sts.Hint {
	return sts.Hintf("continue: %s; or roll back: %s", promote, abort)
}

func msgLeavingFinalizer(ordinals []sts.Ordinal, terminating bool) string {
	text := fmt.Sprintf("finalizer %s is on the pod of %s, but there is no record of a drain-scale", record.LeavingFinalizer, sts.SayOrdinals(ordinals))
	if terminating {
		text += ": a terminating pod remains and is not recreated"
	}
	return text
}

// Updates that are stuck.

func msgRolloutStuck(pod, trouble string, blocks []sts.Ordinal, stableFails bool) string {
	text := fmt.Sprintf("the update is stuck: pod %s %s", pod, trouble)
	if len(blocks) > 0 {
		text += "; blocked: " + sts.SayOrdinals(blocks)
	}
	if stableFails {
		text += "; pods of the stable revision fail as well"
	}
	return text
}
