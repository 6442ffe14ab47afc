package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// module is one whose code is linked into the binary, with its licence files by their path in it.
type module struct {
	path, version string
	texts         map[string]string
}

// targets are those of .goreleaser.yaml, such as linux_arm_6. A module may be linked on one system only.
func targets(root string) ([]string, error) {
	raw, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		return nil, err
	}
	var config struct {
		Builds []struct {
			Targets []string `json:"targets"`
		} `json:"builds"`
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	var all []string
	for _, build := range config.Builds {
		all = append(all, build.Targets...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf(".goreleaser.yaml builds no targets")
	}
	return all, nil
}

// linked returns the modules whose packages are in the binary of one of the targets, the standard library
// among them, sorted by path.
func linked(root string, targets []string) ([]*module, error) {
	modules := map[string]*module{}
	for _, target := range targets {
		fields := strings.Split(target, "_")
		format := "{{if .Standard}}std\t" + runtime.Version() + "\t{{.Root}}\t{{.Root}}{{else if not .Module.Main}}" +
			"{{.Module.Path}}\t{{.Module.Version}}\t{{.Module.Dir}}\t{{.Dir}}{{end}}"
		list := exec.Command("go", "list", "-deps", "-f", format, "./cmd/kubectl-sts")
		list.Dir = root
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+fields[0], "GOARCH="+fields[1])
		var stderr bytes.Buffer
		list.Stderr = &stderr
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w: %s", target, err, stderr.String())
		}
		for line := range strings.Lines(string(out)) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(fields) != 4 {
				continue // a package of ours
			}
			path, version, top, dir := fields[0], fields[1], fields[2], fields[3]
			m := modules[path]
			if m == nil {
				m = &module{path: path, version: version, texts: map[string]string{}}
				modules[path] = m
			}
			if err := m.read(top, dir); err != nil {
				return nil, err
			}
		}
	}
	all := slices.Collect(maps.Values(modules))
	slices.SortFunc(all, func(a, b *module) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-_.].*)?$`)

// read adds the licence files of the folder and of those above it, up to the top of the module: a folder of
// forked code has its own.
func (m *module) read(top, dir string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.IsDir() || !licenceFile.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
				continue
			}
			file := filepath.Join(dir, entry.Name())
			name, err := filepath.Rel(top, file)
			if err != nil {
				return err
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			m.texts[filepath.ToSlash(name)] = strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n"))
		}
		if dir == top {
			return nil
		}
		if dir = filepath.Dir(dir); len(dir) < len(top) {
			return fmt.Errorf("a package of %s is outside of %s", m.path, top)
		}
	}
}

// licences are the kinds of licences that a release may contain, by a phrase of their texts, spaces apart. All
// of them permit to distribute a binary with their text.
var licences = []struct{ name, phrase string }{
	{"Apache-2.0", "apache license version 2.0"},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"BSD", "redistribution and use in source and binary forms"},
	{"ISC", "permission to use, copy, modify, and distribute this software for any purpose"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"},
}

// kinds are the names of the module's licences. A module without any must be looked at by a person.
func (m *module) kinds() ([]string, error) {
	var found []string
	for _, text := range m.texts {
		words := strings.ToLower(strings.Join(strings.Fields(text), " "))
		for _, l := range licences {
			if strings.Contains(strings.ReplaceAll(words, "license, version", "license version"), l.phrase) {
				found = append(found, l.name)
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("module %s %s has no licence that is known to be permitted (files: %v)", m.path, m.version, slices.Sorted(maps.Keys(m.texts)))
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

const rule = "================================================================================\n"

// notices lists the modules and their licences, then every text once, with the files that have it.
func notices(modules []*module) (string, error) {
	var b strings.Builder
	b.WriteString("Third-party notices of kubectl sts\n\n" +
		"kubectl sts is licensed under the Apache License, Version 2.0, see LICENSE. Its binaries\n" +
		"contain code of the Go standard library (std) and of the following modules. The texts of\n" +
		"their licences and notices are below.\n\n")
	var texts []string
	files := map[string][]string{}
	for _, m := range modules {
		kinds, err := m.kinds()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "  %s  (%s)\n", strings.TrimSpace(m.path+" "+m.version), strings.Join(kinds, ", "))
		for _, name := range slices.Sorted(maps.Keys(m.texts)) {
			text := m.texts[name]
			if files[text] == nil {
				texts = append(texts, text)
			}
			files[text] = append(files[text], m.path+"/"+name)
		}
	}
	for _, text := range texts {
		b.WriteString("\n" + rule)
		for _, file := range files[text] {
			b.WriteString(file + "\n")
		}
		b.WriteString(rule + "\n" + text + "\n")
	}
	return b.String(), nil
}
