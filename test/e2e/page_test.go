package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// cmdPage writes the scripts of a page of this repository as files, as they stand there.
func cmdPage(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "page FILE NAMESPACE")
	raw, err := os.ReadFile(filepath.Join("..", "..", args[0]))
	ts.Check(err)
	scripts, err := scriptsOf(string(raw))
	ts.Check(err)
	s := of(ts)
	for name, text := range scripts {
		ts.Check(os.WriteFile(filepath.Join(s.work, name), []byte(text), 0o755)) //nolint:gosec // it is executed
	}
	ts.Check(s.readyForPage(ts))
	ctx, cancel := requestContext()
	defer cancel()
	namespaces := s.cluster.Client().CoreV1().Namespaces()
	until(ts, func() error { // one of an earlier run may still be terminating
		_, err := namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: args[1]}}, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			_ = namespaces.Delete(ctx, args[1], metav1.DeleteOptions{})
		}
		return err
	})
	s.atEnd = append(s.atEnd, func(ctx context.Context) { _ = namespaces.Delete(ctx, args[1], metav1.DeleteOptions{}) })
}

// readyForPage has git clone these sources instead of GitHub's, keeps what the scripts install in the folder gobin,
// and puts helm on the PATH.
func (s *scenario) readyForPage(ts *testscript.TestScript) error {
	const repository = "https://github.com/kubectl-sts/kubectl-sts"
	upstream := filepath.Join(s.work, "upstream")
	if err := publish(filepath.Join("..", ".."), upstream); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "url.file://" + upstream + ".insteadOf", "GIT_CONFIG_VALUE_0": repository,
		"GOBIN": filepath.Join(s.work, "gobin"),
	} {
		ts.Setenv(name, value)
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		ts.Setenv(name, strings.TrimSpace(string(value)))
	}
	path, err := helm()
	if err != nil {
		return err
	}
	return os.Symlink(path, filepath.Join(s.work, ".bin", "helm"))
}

// publish makes a git repository of the sources in a folder, which need not be a repository itself.
func publish(sources, repository string) error {
	outputs := map[string]bool{".git": true, "bin": true, "dist": true, "build": true}
	err := filepath.WalkDir(sources, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(sources, path)
		if err != nil {
			return err
		}
		switch {
		case outputs[name]:
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(repository, name), 0o755) //nolint:gosec // as in a checkout
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(repository, name), raw, info.Mode())
	})
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet"}, {"add", "--all"},
		{"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--no-gpg-sign", "--message", "sources"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = repository
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

// scriptsOf are the shell scripts of a page, and what its examples of CI systems run, by file name. It is an error
// if a code block is neither, or two have the same name.
func scriptsOf(page string) (map[string]string, error) {
	out := map[string]string{}
	add := func(name, text string) error {
		if out[name] != "" {
			return fmt.Errorf("two scripts are called %s", name)
		}
		out[name] = text
		return nil
	}
	section := ""
	for len(page) > 0 {
		line, rest, _ := strings.Cut(page, "\n")
		page = rest
		if heading, ok := strings.CutPrefix(line, "#"); ok {
			section = strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(heading), "-"), "-")
		}
		if !strings.HasPrefix(line, "```") {
			continue
		}
		text, after, _ := strings.Cut(page, "\n```")
		page = after
		text += "\n"
		switch language := strings.TrimPrefix(line, "```"); {
		case language == "yaml":
			jobs, err := jobsOf(text)
			if err != nil {
				return nil, err
			}
			for name, steps := range jobs {
				if err := add(section+"-"+name+".sh", "#!/bin/sh\nset -e\n"+strings.Join(steps, "\n")+"\n"); err != nil {
					return nil, err
				}
			}
		case language == "sh" && strings.HasPrefix(text, "#!"):
			name := regexp.MustCompile(`^#!.*\n# ([a-z-]+\.sh)\b`).FindStringSubmatch(text)
			if name == nil {
				return nil, fmt.Errorf("the second line does not name the script:\n%s", text)
			}
			if err := add(name[1], text); err != nil {
				return nil, err
			}
		case language == "sh":
			if err := add(section+".sh", "#!/bin/sh\nset -e\n"+text); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("a code block of %q", language)
		}
	}
	return out, nil
}

// jobsOf are the shell commands of the jobs of a GitHub workflow or a GitLab pipeline.
func jobsOf(text string) (map[string][]string, error) {
	type job struct {
		Steps  []struct{ Run string }
		Script []string
	}
	var workflow struct{ Jobs map[string]job }
	if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(text, "jobs:") {
		if err := yaml.Unmarshal([]byte(text), &workflow.Jobs); err != nil {
			return nil, err
		}
	}
	out := map[string][]string{}
	for name, j := range workflow.Jobs {
		for _, step := range j.Steps {
			if step.Run != "" {
				j.Script = append(j.Script, step.Run)
			}
		}
		if len(j.Script) == 0 {
			return nil, fmt.Errorf("job %s runs nothing", name)
		}
		out[name] = j.Script
	}
	return out, nil
}
