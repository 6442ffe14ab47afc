package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	kustomize "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/pkg/manifest"
)

// folder is what the files of a directory say about each other: not all are manifests to apply. Its paths are
// absolute.
type folder struct {
	directory      string
	charts         map[string]bool // the directories with a Chart.yaml
	kustomizations []string        // the directories with a kustomization
	used           map[string]bool // the files that a kustomization uses: patches, values, contents of ConfigMaps
	skipped        []string        // the charts whose templates are not read
}

// kustomizationFiles are the names of a kustomization.
var kustomizationFiles = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// parents is how far above a directory a kustomization or a chart is looked for.
const parents = 4

// newFolder looks at the files of a directory, and above it for kustomizations and charts.
func newFolder(directory string, files []string) *folder {
	f := &folder{directory: directory, charts: map[string]bool{}, used: map[string]bool{}}
	seen := map[string]bool{}
	look := func(at string, inside bool) {
		if seen[at] {
			return
		}
		seen[at] = true
		f.charts[at] = isFile(filepath.Join(at, "Chart.yaml"))
		for _, name := range kustomizationFiles {
			if file := filepath.Join(at, name); isFile(file) {
				f.addUsed(file)
				if inside {
					f.kustomizations = append(f.kustomizations, at)
				}
				return
			}
		}
	}
	for _, file := range files {
		for at := filepath.Dir(file); at != directory && filepath.Dir(at) != at; at = filepath.Dir(at) {
			look(at, true)
		}
	}
	look(directory, true)
	above := directory
	for range parents {
		above = filepath.Dir(above)
		look(above, false)
	}
	slices.Sort(f.kustomizations)
	return f
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// addUsed adds the files that a kustomization uses otherwise than as resources.
func (f *folder) addUsed(file string) {
	var k kustomize.Kustomization
	data, err := os.ReadFile(file)
	if err != nil || yaml.Unmarshal(data, &k) != nil {
		return
	}
	names := slices.Concat(k.Crds, k.Configurations, k.Generators, k.Transformers, k.Validators, []string{k.OpenAPI["path"]})
	for _, p := range slices.Concat(k.Patches, k.PatchesJson6902) { //nolint:staticcheck // deprecated, and still used
		names = append(names, p.Path)
	}
	for _, p := range k.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and still used
		names = append(names, string(p))
	}
	for _, r := range k.Replacements {
		names = append(names, r.Path)
	}
	for _, c := range k.HelmCharts {
		names = append(append(names, c.ValuesFile), c.AdditionalValuesFiles...)
	}
	pairs := make([]kustomize.KvPairSources, 0, len(k.ConfigMapGenerator)+len(k.SecretGenerator))
	for _, g := range k.ConfigMapGenerator {
		pairs = append(pairs, g.KvPairSources)
	}
	for _, g := range k.SecretGenerator {
		pairs = append(pairs, g.KvPairSources)
	}
	for _, g := range pairs {
		names = append(append(names, g.EnvSource), g.EnvSources...)
		for _, source := range g.FileSources {
			if _, path, keyed := strings.Cut(source, "="); keyed {
				source = path
			}
			names = append(names, source)
		}
	}
	for _, name := range names {
		if name == "" || strings.Contains(name, "\n") { // given in place
			continue
		}
		f.used[filepath.Join(filepath.Dir(file), name)] = true
	}
}

// skips says whether a file is not a manifest to apply. It remembers the charts whose templates it skips.
func (f *folder) skips(file string) bool {
	at, name := filepath.Dir(file), filepath.Base(file)
	if slices.Contains(kustomizationFiles, name) || f.used[file] || f.used[at] {
		return true
	}
	outermost, others := "", false
	for below := at; filepath.Dir(below) != below; below = filepath.Dir(below) {
		part := filepath.Base(below)
		if chart := filepath.Dir(below); f.charts[chart] && (part == "templates" || part == "charts") {
			outermost = chart
		} else if f.charts[chart] && (part == "ci" || part == "values") { // values for tests, or for clusters
			others = true
		}
	}
	if outermost != "" {
		if !slices.Contains(f.skipped, outermost) {
			f.skipped = append(f.skipped, outermost)
		}
		return true
	}
	return others || f.charts[at] && (name == "Chart.yaml" || name == "requirements.yaml" || strings.HasPrefix(name, "values"))
}

// readFolder are the manifests of a directory, without what kustomize and Helm read. The templates of a chart
// are a problem: they are not manifests yet.
func (s *manifestSource) readFolder(env *Env, name string) ([]string, []manifest.FileProblem, error) {
	files, problems, err := manifestFiles(name, s.recursive)
	if err == nil && len(files)+len(problems) == 0 {
		err = errors.New(msgNoManifests())
	}
	if err != nil || len(files) == 1 && files[0] == name {
		return files, nil, err
	}
	directory, err := filepath.Abs(name)
	if err != nil {
		return nil, nil, err
	}
	absolute := make([]string, len(files))
	for i, file := range files {
		if absolute[i], err = filepath.Abs(file); err != nil {
			return nil, nil, err
		}
	}
	f := newFolder(directory, absolute)
	var read []string
	for i, file := range files {
		if !f.skips(absolute[i]) {
			read = append(read, file)
		}
	}
	if f.charts[directory] && !slices.Contains(f.skipped, directory) {
		f.skipped = append(f.skipped, directory)
	}
	shown := func(path string) string { // as the command line names it
		if below, err := filepath.Rel(directory, path); err == nil && filepath.IsLocal(below) {
			return filepath.Join(name, below)
		}
		return name
	}
	if len(f.kustomizations) > 0 {
		env.note(msgKustomizationsSkipped(len(f.kustomizations), shown(f.kustomizations[0])))
	}
	for _, chart := range f.skipped {
		problems = append(problems, manifest.FileProblem{File: shown(chart), Message: msgHelmChart()})
	}
	return read, problems, nil
}
