package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-sts/kubectl-sts/test/cluster"
)

// cmdUser creates a user with only the permissions of the rules in a file. The user's kubeconfig is
// NAME.kubeconfig. Rules in a second file are for cluster-scoped resources.
func cmdUser(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 2 || len(args) == 3), "user NAME RULES.yaml [CLUSTER-RULES.yaml]")
	s, name := of(ts), args[0]
	var rules []rbacv1.PolicyRule
	ts.Check(yaml.UnmarshalStrict([]byte(ts.ReadFile(args[1])), &rules))
	ctx, cancel := requestContext()
	defer cancel()
	user, err := s.newUser(ctx, name)
	ts.Check(err)

	rbac := s.cluster.Client().RbacV1()
	meta := metav1.ObjectMeta{Name: name}
	_, err = rbac.Roles(s.namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	ts.Check(err)
	_, err = rbac.RoleBindings(s.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	ts.Check(err)
	var everywhere []rbacv1.PolicyRule
	if len(args) == 3 {
		ts.Check(yaml.UnmarshalStrict([]byte(ts.ReadFile(args[2])), &everywhere))
		ts.Check(s.allowEverywhere(ctx, user, everywhere))
	}
	until(ts, func() error { return s.mayByNow(user, s.namespace, rules[0]) })
	if len(args) == 3 {
		until(ts, func() error { return s.mayByNow(user, "", everywhere[0]) })
	}
}

// newUser creates a user without permissions, whose kubeconfig is NAME.kubeconfig.
func (s *scenario) newUser(ctx context.Context, name string) (user string, err error) {
	user = name + "@" + s.namespace
	config, err := s.cluster.KubeconfigFor(ctx, user)
	if err != nil {
		return "", err
	}
	return user, s.writeKubeconfig(config, filepath.Join(s.work, name+".kubeconfig"), "")
}

// cmdGrant creates a user with the role that the plugin prints for it, and nothing else.
func cmdGrant(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "grant NAME ARG…")
	s, name := of(ts), args[0]
	ctx, cancel := requestContext()
	defer cancel()
	user, err := s.newUser(ctx, name)
	ts.Check(err)
	p, err := start(program(ts, "sts", append([]string{"--kubeconfig", name + ".kubeconfig", "auth", "-o", "role"}, args[1:]...)))
	ts.Check(err)
	if code := p.end(ts); code != "0" {
		ts.Fatalf("exit code %s", code)
	}
	manifests := p.out.String()
	file := filepath.Join(s.work, name+"-role.yaml")
	ts.Check(os.WriteFile(file, []byte(manifests), 0o600))
	foreground(ts, false, 0, "kubectl", []string{"apply", "-f", file})
	for document := range strings.SplitSeq(manifests, "---\n") {
		var role rbacv1.Role // a ClusterRole has the same fields
		ts.Check(yaml.Unmarshal([]byte(document), &role))
		for _, rule := range role.Rules[:min(1, len(role.Rules))] {
			until(ts, func() error { return s.mayByNow(user, role.Namespace, rule) })
		}
	}
}

// mayByNow is an error until the authorizer, which watches roles and bindings, allows the rule. The
// namespace "" stands for all.
func (s *scenario) mayByNow(user, namespace string, rule rbacv1.PolicyRule) error {
	ctx, cancel := requestContext()
	defer cancel()
	resource, sub, _ := strings.Cut(rule.Resources[0], "/")
	name := ""
	if len(rule.ResourceNames) > 0 {
		name = rule.ResourceNames[0]
	}
	review, err := s.cluster.Client().AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: sub, Name: name,
		}},
	}, metav1.CreateOptions{})
	if err == nil && !review.Status.Allowed {
		err = errNotYet
	}
	return err
}

// allowEverywhere grants the user the rules in the whole cluster.
func (s *scenario) allowEverywhere(ctx context.Context, user string, rules []rbacv1.PolicyRule) error {
	rbac, meta := s.cluster.Client().RbacV1(), metav1.ObjectMeta{Name: "scenario:" + user}
	if _, err := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err := rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: meta.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	return err
}

// cmdRecode rewrites a revision under its own name, with a null in its template that the server
// would not write today: revisions of older servers look like this. The controller reads
// revisions only after a change of a set or pod.
func cmdRecode(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "recode REVISION|@SAVED")
	s, name := of(ts), args[0]
	if name[0] == '@' {
		name = s.saved[name[1:]]
	}
	o, err := s.get("rev/" + name)
	ts.Check(err)
	ts.Check(unstructured.SetNestedField(o.Object, nil, "data", "spec", "template", "metadata", "creationTimestamp"))
	o.SetResourceVersion("")
	o.SetUID("")
	ctx, cancel := requestContext()
	defer cancel()
	ts.Check(s.api("rev").Delete(ctx, name, metav1.DeleteOptions{}))
	ts.Check(retry.OnError(retry.DefaultBackoff, func(error) bool { return true }, func() error {
		_, err := s.api("rev").Create(ctx, o, metav1.CreateOptions{})
		return err
	}))
}

// cmdHeal makes all pods of a set healthy regardless of their image, now and later. With it a scenario
// can keep a pod broken for as long as it needs.
func cmdHeal(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "heal NAME")
	s := of(ts)
	ctx, cancel := context.WithCancel(context.Background())
	var healing sync.WaitGroup
	healing.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(glance) {
			pods, err := s.api("pod").Watch(ctx, metav1.ListOptions{LabelSelector: "app=" + args[0]})
			if err != nil {
				continue
			}
			for e := range pods.ResultChan() {
				if pod, ok := e.Object.(*unstructured.Unstructured); ok && pod.GetAnnotations()[cluster.BehaviourAnnotation] != "healthy" {
					s.mergePatch("pod/"+pod.GetName(), fmt.Sprintf(`{"metadata":{"uid":%q,"annotations":{%q:"healthy"}}}`, pod.GetUID(), cluster.BehaviourAnnotation))
				}
			}
		}
	})
	ts.Defer(func() {
		cancel()
		healing.Wait()
	})
}
