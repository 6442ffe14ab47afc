package profile

import (
	"errors"
	"path"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Annotation on a StatefulSet, or on its pod template, names the profile to use, or is [None].
const Annotation = sts.AnnotationPrefix + "drain-profile"

// None in the annotation means that no profile is used.
const None = "none"

// Detection is the profile that was found for a StatefulSet.
type Detection struct {
	// Profile is nil where none was found.
	Profile *Profile
	// Why is how it was found, or why none is used; empty for nothing found.
	Why string
	// Ambiguous are the profiles that match equally: the user has to choose.
	Ambiguous []*Profile
}

// Detect finds the profile for a set: by its annotation, else by an image, else by a label.
func Detect(set *appsv1.StatefulSet, profiles []*Profile) (Detection, error) {
	for _, where := range []struct {
		of          string
		annotations map[string]string
	}{{"the StatefulSet", set.Annotations}, {"the pod template", set.Spec.Template.Annotations}} {
		name, ok := where.annotations[Annotation]
		if !ok {
			continue
		}
		why := msgAnnotated(where.of)
		if name == None {
			return Detection{Why: why}, nil
		}
		for _, p := range profiles {
			if p.Metadata.Name == name {
				return Detection{Profile: p, Why: why}, nil
			}
		}
		return Detection{}, errors.New(msgAnnotatedNotFound(where.of, name))
	}
	for _, by := range []func(*Profile) string{
		func(p *Profile) string {
			for _, c := range set.Spec.Template.Spec.Containers {
				if p.Match.image(c.Image) != "" {
					return msgMatchedImage(c.Image, c.Name)
				}
			}
			return ""
		},
		func(p *Profile) string { return p.Match.labels(set.Spec.Template.Labels, set.Labels) },
	} {
		var found Detection
		for _, p := range profiles {
			if why := by(p); why != "" {
				found.Why = why
				found.Profile = p
				found.Ambiguous = append(found.Ambiguous, p)
			}
		}
		switch len(found.Ambiguous) {
		case 0:
		case 1:
			found.Ambiguous = nil
			return found, nil
		default:
			return Detection{Ambiguous: found.Ambiguous}, nil
		}
	}
	return Detection{}, nil
}

// image is the pattern that matches the image's repository, or "".
func (m Match) image(image string) string {
	repository := strings.Split(repositoryOf(image), "/")
	for _, p := range m.Images {
		parts := strings.Split(p, "/")
		if len(parts) > len(repository) {
			continue
		}
		end := repository[len(repository)-len(parts):]
		fits := true
		for i := range parts {
			ok, err := path.Match(parts[i], end[i])
			fits = fits && ok && err == nil
		}
		if fits {
			return p
		}
	}
	return ""
}

// repositoryOf is an image without tag and digest.
func repositoryOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		image = image[:colon]
	}
	return image
}

// labels is the selector that matches one of the sets of labels, or "".
func (m Match) labels(sets ...map[string]string) string {
	for _, text := range m.Labels {
		selector, err := labels.Parse(text)
		if err != nil || selector.Empty() {
			continue
		}
		for _, set := range sets {
			if selector.Matches(labels.Set(set)) {
				return msgMatchedLabel(text)
			}
		}
	}
	return ""
}
