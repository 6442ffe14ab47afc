package cli

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Before a command begins.

// reasons are the answers of the API server.
func msgCannotSee(command, namespace string, resources, reasons []string) string {
	return fmt.Sprintf("%s requires permission to list and watch %s in namespace %s:\n  %s",
		command, strings.Join(resources, ", "), namespace, strings.Join(reasons, "\n  "))
}

// wait is what a command waits for: "for pod web-2".
func msgNotYet(wait string) string { return "not yet: waiting " + wait }

func msgNothingToCommit(why string) string { return "no patch: " + why }

func msgPlanTitle(command, namespace, set, dryRun string) string {
	return msgDryRun(fmt.Sprintf("%s of statefulset.apps/%s in namespace %s", command, set, namespace), dryRun) + ":"
}

// mode is none, client or server.
func msgDryRun(did, mode string) string {
	if mode == "none" {
		return did
	}
	return fmt.Sprintf("%s (%s dry run)", did, mode)
}

func msgAdmissionChanges() string { return "mutating admission also changes:" }

func msgContinue() string { return "Continue?" }

// With several sets: "Restart 3 StatefulSets?"
func msgContinueAll(command string, sets int) string {
	return fmt.Sprintf("%s%s %s?", strings.ToUpper(command[:1]), command[1:], sts.Count(sets, "StatefulSet"))
}

func msgTypeNumber(n int, what string) string { return fmt.Sprintf("Type %d to %s: ", n, what) }

// Commands of kubectl and of other plugins that people type here. The first words of args are the command.
func msgCommandOfOthers(args []string) string {
	second := ""
	if len(args) > 1 {
		second = args[1]
	}
	switch args[0] {
	case "scale":
		return "use drain-scale, which lets each member leave its cluster first"
	case "autoscale", "annotate", "apply", "attach", "cp", "create", "delete", "edit", "exec", "explain", "expose", "label", "logs", "patch", "port-forward", "wait":
		return "use kubectl " + args[0]
	case "get", "list", "ls", "describe", "events", "tree", "top":
		return "use status"
	case "set":
		return "use canary start --image"
	case "start", "promote", "abort":
		return "use canary " + args[0]
	case "update", "upgrade", "deploy":
		return "use canary start"
	case "rollback":
		return "use undo, or canary abort during a canary"
	case "retry":
		return "rerun the interrupted command"
	case "lint", "check", "validate":
		return "use doctor"
	case "drain":
		return "use drain-scale, or kubectl drain for a node"
	case "gc", "cleanup":
		return "use pvc-gc"
	case "rollout":
		switch second {
		case "status", "history", "undo", "pause", "resume", "restart":
			return "use " + second
		}
		return "use status, history, undo, pause, resume or restart"
	}
	return ""
}

// While it runs.

func msgRunsFor(d time.Duration) string { return "  for " + sts.Age(d) }

func msgTimeLeft(d time.Duration) string { return "  " + sts.Age(d) + " left" }

func msgSetOf(set string, n, of int) string {
	return fmt.Sprintf("statefulset.apps/%s (%d of %d):", set, n, of)
}

// A wait that lasts.

// left is until the command times out, 0 for never; warning is empty for none.
func msgWaitedFor(waited time.Duration, pods string, left time.Duration, warning string) string {
	text := fmt.Sprintf("  for %s; %s", sts.Age(waited), pods)
	if left > 0 {
		text += fmt.Sprintf("; timeout in %s", sts.Age(left))
	}
	return text + warning
}

// msgWarning is an event of Kubernetes, which a line about a wait ends with.
func msgWarning(reason string, ago time.Duration, message string) string {
	return fmt.Sprintf("; %s %s ago: %s", reason, sts.Age(ago), message)
}

// The line has the time, for logs without one.
func msgStillWaiting(at time.Time, wait, pods, warning string) string {
	return fmt.Sprintf("%s still waiting %s; %s%s", at.UTC().Format(time.RFC3339), wait, pods, warning)
}

// msgPodsOf says how many pods are updated, where there are two revisions, and available.
func msgPodsOf(s *appsv1.StatefulSetStatus, replicas int32) string {
	if s.UpdateRevision != s.CurrentRevision {
		return fmt.Sprintf("%d of %s updated, %d available", s.UpdatedReplicas, sts.Count(replicas, "pod"), s.AvailableReplicas)
	}
	return fmt.Sprintf("%d of %s available", s.AvailableReplicas, sts.Count(replicas, "pod"))
}

func msgNoLimit() string {
	return "note: no --timeout is set, so the command waits until it can continue; Ctrl-C ends it safely, and a rerun resumes it"
}

func msgCommandEnded(label, result string) string { return label + " " + result }

func msgTookOver(command, by string, ago time.Duration) string {
	return fmt.Sprintf("note: took over the lock from %q of %s (started %s ago); that command stops if it is still running", command, by, sts.Age(ago))
}

// How it ends.

// result is what happened to the set: "restarted: 3 pods".
func msgResult(set, result string) string { return "statefulset.apps/" + set + " " + result }

func msgNoResult(set, why string) string { return "statefulset.apps/" + set + ": " + why }

// With several sets, a hint with the command to resume follows.
func msgInterrupted(several bool) string {
	if several {
		return "interrupted"
	}
	return "interrupted; rerun the command to resume"
}

func hintRollBack(abort sts.Hint) sts.Hint { return sts.Hintf("to roll back instead: %s", abort) }

func hintResume() sts.Hint { return sts.Hintf("rerun the command to resume") }

func msgNotStarted(sets []string) string {
	return "not started: statefulset.apps/" + strings.Join(sets, ", statefulset.apps/")
}

// without is the command without the set that has failed, resume the hint with it.
func hintContinueWithout(set string, without, resume sts.Hint) sts.Hint {
	return sts.Hintf("to continue without statefulset.apps/%s: %s; when it is fixed, %s", set, without, resume)
}

func hintContinue(command sts.Hint) sts.Hint { return sts.Hintf("to resume: %s", command) }

func msgLockStays(why string) string { return "cannot release the lock: " + why }

func msgWaitServer() string { return "for the API server" }

// Of a command that ends although the server does not answer.
func msgLockMayStay(set string) string {
	return fmt.Sprintf("the API server did not answer: the last write may have been carried out, and the lock on statefulset/%s may not have been released; a rerun takes it over", set)
}

func msgDeclined() string { return "nothing was changed" }

func hintAcceptAdmission(set string) sts.Hint {
	return sts.Hintf("rerun with --accept-admission-changes to make this part of the canary, or exempt statefulset/%s from it", set)
}

func hintNotAllowed() sts.Hint {
	return sts.Hintf("changes made so far are kept; rerun the command as a user with this permission to resume")
}
