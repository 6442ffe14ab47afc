package render

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/doctor"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// The elements of JUnit's XML that CI systems read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *junitMessage `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// DoctorJUnit prints a test suite for each StatefulSet, and for each other object with findings, with a test
// case for each check. A finding at or above the severity is a failure; others are the output of a test case
// that passes, and ignored or omitted checks are skipped.
func DoctorJUnit(w io.Writer, r *doctor.Report, offline bool, fails func(*doctor.DoctorFinding) bool) error {
	suites := junitSuites{Name: "kubectl sts doctor"}
	of := map[suiteKey][]*doctor.DoctorFinding{}
	sets := map[suiteKey]bool{}
	var keys []suiteKey
	for _, item := range r.Items {
		key := suiteKey{item.Namespace + "/statefulset/" + item.Name, item.File}
		if !sets[key] { // a file may define a set twice
			sets[key] = true
			keys = append(keys, key)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		key := suiteKey{strings.TrimPrefix(f.Namespace+"/"+f.Object, "/"), f.File}
		if of[key] == nil && !sets[key] {
			keys = append(keys, key) // an object that is not examined, only found
		}
		of[key] = append(of[key], f)
	}
	names := suiteNames(keys)
	for _, key := range keys {
		suites.add(junitOf(names[key], r, of[key], offline, sets[key], fails))
	}
	if len(r.Files) > 0 {
		suite := junitSuite{Name: "manifests"}
		for _, f := range r.Files {
			suite.add(junitCase{Class: "manifests", Name: f.File, File: f.File, Error: &junitMessage{Message: Printable(f.Message), Type: "unreadable"}})
		}
		suites.add(suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// suiteKey is the object of a suite. Overlays define the same one in several files.
type suiteKey struct{ object, file string }

// suiteNames are the names of the suites: those of the objects, with the file where several files define one.
func suiteNames(keys []suiteKey) map[suiteKey]string {
	files := map[string]int{}
	names := map[suiteKey]string{}
	for _, k := range keys {
		if names[k] == "" {
			names[k] = k.object
			files[k.object]++
		}
	}
	for k := range names {
		if files[k.object] > 1 {
			names[k] += " (" + k.file + ")"
		}
	}
	return names
}

func (s *junitSuites) add(suite junitSuite) {
	s.Tests, s.Failures, s.Errors, s.Skipped = s.Tests+suite.Tests, s.Failures+suite.Failures, s.Errors+suite.Errors, s.Skipped+suite.Skipped
	s.Suites = append(s.Suites, suite)
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// junitOf is the suite of an object: with all checks, or only with those that have found something.
func junitOf(name string, r *doctor.Report, found []*doctor.DoctorFinding, offline, all bool, fails func(*doctor.DoctorFinding) bool) junitSuite {
	suite := junitSuite{Name: name}
	omitted := map[sts.FindingCode]string{}
	for _, o := range r.Omitted {
		omitted[o.Code] = o.Resource
	}
	for _, c := range doctor.Checks() {
		var of []*doctor.DoctorFinding
		for _, f := range found {
			if f.Code == c.Code {
				of = append(of, f)
			}
		}
		if len(of) == 0 && (!all || !c.Applies(offline)) {
			continue
		}
		suite.add(junitTest(name, c, of, omitted[c.Code], fails))
	}
	return suite
}

func junitTest(class string, c *doctor.Check, found []*doctor.DoctorFinding, unseen string, fails func(*doctor.DoctorFinding) bool) junitCase {
	test := junitCase{Class: class, Name: string(c.Code)}
	if unseen != "" {
		test.Skipped = &junitMessage{Message: msgOmitted(unseen, []string{string(c.Code)})}
	}
	var failed, passed []string
	for _, f := range found {
		switch {
		case f.Ignored:
			test.Skipped = &junitMessage{Message: msgIgnored(string(f.Code), f.IgnoreReason)}
			continue
		case fails(f):
			failed = append(failed, plainFinding(f))
		default:
			passed = append(passed, plainFinding(f))
		}
		if test.File == "" {
			test.File, test.Line = f.File, f.Line
		}
	}
	if len(failed) > 0 {
		test.Skipped = nil
		test.Failure = &junitMessage{Message: c.Title, Type: sts.Words(found[0].Severity), Text: strings.Join(failed, "\n")}
	}
	test.Output = strings.Join(passed, "\n")
	return test
}
