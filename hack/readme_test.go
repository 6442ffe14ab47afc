package hack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/cli"
)

// applied are the objects of `kubectl apply -f examples/`, which does not read the folders below.
func applied(t *testing.T) (sets map[string]bool, kinds map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	sets, kinds = map[string]bool{}, map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq("\n"+string(raw), "\n---") {
			var o struct {
				Kind     string
				Metadata struct{ Name, Namespace string }
			}
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if o.Metadata.Namespace != "" {
				t.Errorf("%s: %s/%s has a namespace, so it is not beside the others", file, o.Kind, o.Metadata.Name)
			}
			if kinds[o.Kind] = true; o.Kind == "StatefulSet" {
				sets[o.Metadata.Name] = true
			}
		}
	}
	return sets, kinds
}

// A newcomer who applies the examples gets StatefulSets, and no roles of the whole cluster.
func TestExamplesMakeNoRoles(t *testing.T) {
	_, kinds := applied(t)
	for kind := range kinds {
		if !slices.Contains([]string{"StatefulSet", "Service", "PodDisruptionBudget", "Secret", "ConfigMap"}, kind) {
			t.Errorf("kubectl apply -f examples/ makes a %s: move it to a folder below", kind)
		}
	}
}

// Every StatefulSet, file and namespace in the commands of README.md exists after `kubectl apply -f examples/`,
// or in a checkout.
func TestCommandsOfREADMEFindWhatTheyName(t *testing.T) {
	raw, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	sets, _ := applied(t)
	total := 0
	for _, c := range commandLines(string(raw)) {
		if c.mention || c.line == "kubectl sts" {
			continue
		}
		for _, missing := range missingOf(t, c.line, sets, &total) {
			t.Errorf("%s: %s does not exist", c.line, missing)
		}
	}
	if total < 60 {
		t.Errorf("only %d names found: the test is probably broken", total)
	}
	if got := missingOf(t, "kubectl sts dns web -n shop -f none.yaml --from-pod postgres-0", sets, &total); !slices.Equal(got, []string{"StatefulSet web", "file none.yaml", "namespace shop"}) {
		t.Errorf("found %q", got)
	}
	if got := missingOf(t, "kubectl sts pvc-gc undo data-web-1", sets, &total); !slices.Equal(got, []string{"StatefulSet of claim data-web-1"}) {
		t.Errorf("found %q", got)
	}
}

var (
	claimOfSet = regexp.MustCompile(`^data-(.+)-\d+$`)
	podOfSet   = regexp.MustCompile(`^(.+)-\d+$`)
)

// missingOf is what the command line names and does not exist. total counts what it names.
func missingOf(t *testing.T, line string, sets map[string]bool, total *int) (missing []string) {
	t.Helper()
	words, err := split(line)
	if err != nil {
		t.Fatal(err)
	}
	root := cli.NewRoot(cli.Env{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Called: "kubectl sts"})
	command, rest, err := root.Find(words[2:])
	if err != nil {
		t.Fatal(err)
	}
	if err := command.ParseFlags(rest); err != nil {
		t.Fatal(err)
	}
	set := func(what, name string) {
		if *total++; !sets[name] {
			missing = append(missing, what)
		}
	}
	for _, arg := range command.Flags().Args() {
		claim := claimOfSet.FindStringSubmatch(arg)
		switch {
		case command.HasParent() && command.Parent().Name() == "pvc-gc":
			if claim == nil {
				t.Fatalf("%s: which set is the claim %s of?", line, arg)
			}
			set("StatefulSet of claim "+arg, claim[1])
		case takesSets(command):
			set("StatefulSet "+arg, arg)
		}
	}
	value := func(name string) []string {
		f := command.Flags().Lookup(name)
		if f == nil || !f.Changed {
			return nil
		}
		return strings.Split(strings.Trim(f.Value.String(), "[]"), ",")
	}
	for _, name := range []string{"filename", "kustomize", "new-file", "patch-file", "check", "drain-cmd"} {
		for _, file := range value(name) {
			isCommand := name == "check" || name == "drain-cmd"
			if file == "-" || isCommand && !strings.Contains(file, "/") {
				continue
			}
			*total++
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				missing = append(missing, "file "+file)
			}
		}
	}
	for _, claim := range value("claim") {
		set("StatefulSet of claim "+claim, claimOfSet.FindStringSubmatch(claim)[1])
	}
	for _, pod := range value("from-pod") {
		set("StatefulSet of pod "+pod, podOfSet.FindStringSubmatch(pod)[1])
	}
	for _, namespace := range value("namespace") {
		if *total++; namespace != "default" {
			missing = append(missing, "namespace "+namespace)
		}
	}
	return missing
}

// takesSets: the arguments of the command are names of StatefulSets.
func takesSets(c *cobra.Command) bool {
	return !slices.Contains([]string{"auth", "show", "install"}, c.Name())
}
