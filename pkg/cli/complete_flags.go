package cli

import (
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-sts/kubectl-sts/pkg/claims"
	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
)

// flagCompleters says how the value of each flag is completed: by the name of the flag, or by that of
// the command and the flag where commands differ. A new flag that takes a value needs an entry; a choice
// (addChoice) has one already.
func flagCompleters() map[string]completer {
	byName := map[string]completer{
		// The flags of kubectl.
		"--namespace": namespaces,
		"--context":   contexts,
		"--cluster":   clusters,
		"--user":      users,
		"--server":    servers,

		// The cluster.
		"--claim":              listed(namespaceClaims),
		"--container":          podContainers,
		"--from-ordinal":       setOrdinals,
		"--from-pod":           podNames,
		"--from-revision":      revisionNumbers,
		"--image":              images,
		"--lose-node":          setNodes,
		"--ordinal":            listed(ordinalRanges(setOrdinals)),
		"--partition":          partitions,
		"--port":               ports,
		"--reserve-annotation": listed(annotationKeys),
		"--selector":           listed(setLabels),
		"--to-ordinal":         setOrdinals,
		"--to-revision":        revisionNumbers,

		"pvc-gc --ordinal":   listed(ordinalRanges(claimOrdinals)),
		"recover --ordinal":  setOrdinals,
		"undo --to-revision": revisionNamesToo,

		// What the program knows.
		"--explain":              checks,
		"--feature-gates":        fixed(maxUnavailableGate+"=true", maxUnavailableGate+"=false"),
		"--ignore":               listed(checks),
		"--profile":              profiles,
		"--v":                    fixed("6\trequests", "7\twith their headers", "8\twith their contents"),
		"history --sort-by":      fields(report.Revision{}),
		"profile list --sort-by": fixed(".metadata.name", ".system"),
		"pvc-gc --sort-by":       fields(claims.Claim{}),
		"status --sort-by":       fields(report.Status{}),
		"--scheduling-grace":     fixed("30s", "3m", "10m"),
		"dns --server":           fixed(resolvConf + "\tthe name server of this machine"),
		"--with":                 listed(authOptionNames),

		// Files. A check or a drain is often a script.
		"--check":      files,
		"--drain-cmd":  files,
		"--template":   files,
		"--filename":   yamlFiles,
		"--new-file":   yamlFiles,
		"--patch-file": yamlFiles,
		"--backup-dir": directories,
		"--cache-dir":  directories,
		"--kustomize":  directories,

		"--certificate-authority": files,
		"--client-certificate":    files,
		"--client-key":            files,
		"--kubeconfig":            files,
	}
	for _, name := range []string{
		"as", "as-group", "as-uid", "as-user-extra", "proxy-url", "request-timeout", "tls-server-name", "token",
		"canaries", "check-exec", "check-timeout", "cluster-domain", "concurrency", "drain-exec", "drain-timeout",
		"leader-exec", "max", "max-deletes", "max-restarts", "max-unavailable", "min-healthy", "older-than", "owner",
		"patch", "progress-timeout", "ready-after", "replicas", "soak", "step", "steps", "tail", "terminate-after",
		"timeout",
		"node-is-off", // a confirmation, which has to be typed
	} {
		byName["--"+name] = nothing
	}
	return byName
}

// fields are the fields of an item of a report that have one value.
func fields(item any) completer {
	var paths []string
	of := reflect.TypeOf(item)
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		switch of.Field(i).Type.Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
			paths = append(paths, "."+name)
		}
	}
	return fixed(paths...)
}

// checks are the checks of doctor.
func checks(*word) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, check := range doctor.Checks() {
		out = append(out, string(check.Code)+"\t"+check.Title)
	}
	return out, noFiles
}

// builtinProfiles are the names of the built-in drain profiles.
func builtinProfiles(*word) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, p := range profile.Builtin() {
		out = append(out, p.Metadata.Name+"\t"+p.System)
	}
	return out, noFiles
}

// oneProfile is the argument of profile show.
func oneProfile(w *word) ([]string, cobra.ShellCompDirective) {
	if len(w.args) > 0 {
		return nil, noFiles
	}
	return builtinProfiles(w)
}

// profiles are the values of --profile: also that of no profile, and files.
func profiles(w *word) ([]string, cobra.ShellCompDirective) {
	out, _ := builtinProfiles(w)
	return append(out, "none\tno profile"), anyFile
}
