package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/access"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// PermissionError is a permission that the user lacks, found without trying.
type PermissionError struct{ Message string }

func (e *PermissionError) Error() string { return e.Message }

// IsDenied reports whether an error is about a missing permission. Admission has the same status for what it
// rejects, with other words.
func IsDenied(err error) bool {
	if denied := (*PermissionError)(nil); errors.As(err, &denied) {
		return true
	}
	var status apierrors.APIStatus
	return apierrors.IsForbidden(err) && errors.As(err, &status) && strings.Contains(status.Status().Message, " cannot ")
}

// reviewsAtOnce is how many permissions are reviewed at once.
const reviewsAtOnce = 8

// Permissions asks the API server which of the permissions the user has. The user's rules in the namespace, one
// request, say most of it; what they leave open is reviewed, each permission once: permissions elsewhere that the
// rules do not rule out, and all that the rules lack where authorizers cannot list theirs.
func (c *Client) Permissions(ctx context.Context, namespace string, all []access.Permission) (access.Answers, error) {
	answers := access.Answers{Allowed: map[access.Permission]bool{}, Unserved: map[string]bool{}}
	rules, err := c.rules(ctx, namespace)
	if err != nil {
		return answers, err
	}
	var open []access.Permission
	for _, p := range all {
		allowed, known := decide(rules, namespace, p)
		if answers.Allowed[p] = allowed; !known {
			open = append(open, p)
		}
	}
	if err := c.reviews(ctx, open, answers.Allowed); err != nil {
		return answers, err
	}
	for _, p := range all {
		if _, known := answers.Unserved[p.Group]; !p.Custom || known || answers.Allowed[p] {
			continue
		}
		version, err := c.served(ctx, p.Group)
		if err != nil {
			return answers, err
		}
		answers.Unserved[p.Group] = version == ""
	}
	return answers, nil
}

// rules are those of the user in the namespace. Where they cannot be read they are incomplete.
func (c *Client) rules(ctx context.Context, namespace string) (*authorizationv1.SubjectRulesReviewStatus, error) {
	if namespace == "" {
		namespace = metav1.NamespaceDefault // rules of the whole cluster are in every namespace
	}
	review, err := c.kube.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace},
	}, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) {
		return &authorizationv1.SubjectRulesReviewStatus{Incomplete: true}, nil
	}
	if err != nil {
		return nil, err
	}
	return &review.Status, nil
}

// decide reads the rules. Those of a namespace include the rules for the whole cluster, but do not say which
// these are.
func decide(rules *authorizationv1.SubjectRulesReviewStatus, namespace string, p access.Permission) (allowed, known bool) {
	covered := slices.ContainsFunc(rules.ResourceRules, func(r authorizationv1.ResourceRule) bool { return covers(r, p) })
	switch {
	case covered:
		return true, p.Namespace == namespace && namespace != ""
	case p.Namespace == namespace || p.Namespace == "":
		return false, !rules.Incomplete
	}
	return false, false
}

// covers is how RBAC compares rules with requests.
func covers(r authorizationv1.ResourceRule, p access.Permission) bool {
	has := func(list []string, values ...string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return s == "*" || slices.Contains(values, s) })
	}
	resources := []string{p.Resource}
	if _, sub, ok := strings.Cut(p.Resource, "/"); ok {
		resources = append(resources, "*/"+sub)
	}
	return has(r.Verbs, p.Verb) && has(r.APIGroups, p.Group) && has(r.Resources, resources...) &&
		(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, p.Name) && p.Name != "")
}

// reviews reviews the permissions one by one.
func (c *Client) reviews(ctx context.Context, open []access.Permission, allowed map[access.Permission]bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
		next   = make(chan access.Permission)
	)
	for range min(reviewsAtOnce, len(open)) {
		wg.Go(func() {
			for p := range next {
				review, err := c.reviewPermission(ctx, p)
				mu.Lock()
				switch {
				case err == nil:
					allowed[p] = review.Status.Allowed
				case failed == nil:
					failed = err
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range open {
		next <- p
	}
	close(next)
	wg.Wait()
	if apierrors.IsForbidden(failed) {
		return &sts.HintedError{Err: fmt.Errorf("%s: %w", msgCannotReview(), failed), Hint: hintReview()}
	}
	return failed
}

func (c *Client) reviewPermission(ctx context.Context, p access.Permission) (*authorizationv1.SelfSubjectAccessReview, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	resource, sub, _ := strings.Cut(p.Resource, "/")
	return c.kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: p.Namespace, Verb: p.Verb, Group: p.Group, Resource: resource, Subresource: sub, Name: p.Name,
		}},
	}, metav1.CreateOptions{})
}

// User is the name of the user, as the API server knows it.
func (c *Client) User(ctx context.Context) (string, error) {
	review, err := c.kube.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) {
		return "", &sts.HintedError{Err: fmt.Errorf("%s: %w", msgCannotReview(), err), Hint: hintReview()}
	}
	if err != nil {
		return "", err
	}
	return review.Status.UserInfo.Username, nil
}
