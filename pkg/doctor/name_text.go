package doctor

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// beforeName is the text before the name.
func beforeName(u names.Use, service string) string {
	return strings.TrimSuffix(u.Before, strings.TrimSuffix(u.Name, "."+service))
}

// isFile: what looks like a name is a file or a directory, such as /data/web-0.etcd, --data-dir=$(POD_NAME).etcd
// or $(POD_NAME).db.
func isFile(u names.Use, service string) bool {
	before := beforeName(u, service)
	return strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "//") || strings.HasSuffix(before, "dir=") || strings.HasSuffix(before, "dir ") ||
		fileScheme.MatchString(before) || slices.Contains(fileExtensions, service) && !isHost(u, service)
}

// fileScheme matches the scheme of URLs of files.
var fileScheme = regexp.MustCompile(`(?i)\b(file|unix|bolt|badger|leveldb|h2|[a-z0-9+]*sqlite[a-z0-9+]*)://$`)

// fileExtensions are extensions of files that a Service may have as its name.
var fileExtensions = []string{
	"aof", "bak", "bin", "ca", "cer", "cert", "cfg", "cnf", "conf", "config", "crt", "csr", "csv", "dat", "data", "db", "dump", "env", "err", "gz", "html",
	"idx", "index", "ini", "jar", "jks", "js", "json", "key", "keystore", "list", "lock", "log", "lua", "out", "p12", "pem", "pid", "pl", "properties", "pub",
	"py", "rb", "rdb", "sh", "snap", "snapshot", "so", "sock", "socket", "sql", "sqlite", "sqlite3", "state", "status", "store", "tar", "tgz", "tmp",
	"toml", "truststore", "txt", "wal", "xml", "yaml", "yml", "zip", "zst",
}

const computedLabel = `\$\([^()]*\)|\$\{[^{}]*\}|\$[A-Za-z_][A-Za-z0-9_]*|\{\{[^{}]*\}\}`

var (
	// portAfter matches a port after the rest of a name.
	portAfter = regexp.MustCompile(`^(\.([a-z0-9-]+|` + computedLabel + `))*\.?:[0-9]{1,5}([^0-9A-Za-z_.-]|\.?(\s|$))`)
	// svcAfter matches the rest of a name with svc.
	svcAfter = regexp.MustCompile(`^(\.([a-z0-9-]+|` + computedLabel + `))?\.svc([^A-Za-z0-9_-]|$)`)
	// userBefore matches a user before a host: postgres://user:secret@, rabbit@.
	userBefore    = regexp.MustCompile(`[A-Za-z0-9_)}]@$`)
	userInURL     = regexp.MustCompile(`://[^/\s"']*@$`)
	computedAfter = regexp.MustCompile(`^\.(` + computedLabel + `)`)
)

// isHost: only a host is written like this: with a port, with svc, in a URL, or after a user.
func isHost(u names.Use, service string) bool {
	before := beforeName(u, service)
	return portAfter.MatchString(u.After) || svcAfter.MatchString(u.After) ||
		strings.HasSuffix(before, "://") && !fileScheme.MatchString(before) || userInURL.MatchString(before) ||
		userBefore.MatchString(before) && !slices.Contains(fileExtensions, service) // curl -d@FILE
}

// goesOn: the Service is only the beginning of a longer word, or the name is in another domain: db-0.db.example.com.
func (l *Look) goesOn(u names.Use) bool {
	if u.After == "" {
		return false
	}
	if c := u.After[0]; c == '_' || c == '-' || 'A' <= c && c <= 'Z' {
		return true
	}
	if c := strings.TrimPrefix(u.After, "."); u.After[0] == '.' && c != "" && (c[0] == '_' || 'A' <= c[0] && c[0] <= 'Z') {
		return true
	}
	rest := strings.Split(strings.Trim(nameAfter.FindString(u.After), "."), ".")
	switch {
	case rest[0] == "" || rest[0] == "svc" || len(rest) > 1 && rest[1] == "svc": // or the rest is computed
		return false
	case len(rest) == 1 && rest[0] == l.Set.Namespace:
		return false
	}
	// The namespace is there, what follows it is computed: .shop.${DOMAIN}.
	return len(rest) > 1 || !computedAfter.MatchString(strings.TrimPrefix(u.After, "."+rest[0]))
}

// needs are the uses of names that must resolve, those that are certain first.
func (l *Look) needs(service string) []names.Use {
	out := slices.DeleteFunc(l.nameUses(service), func(u names.Use) bool {
		namespace, _ := placeOf(u)
		return namespace != "" && namespace != l.Set.Namespace && (!l.Offline || l.writtenNamespace()) || strings.HasPrefix(u.Object, "configmap/") && (!l.isOwn(u) || u.Field != "data")
	})
	slices.SortStableFunc(out, func(a, b names.Use) int { return l.proven(a, service).Rank() - l.proven(b, service).Rank() })
	return out
}

// proven is error if this is certainly the name of one of the set's pods, which its containers look up in the
// DNS of the cluster; otherwise warning.
func (l *Look) proven(u names.Use, service string) sts.Severity {
	spec := &l.Set.Spec.Template.Spec
	if !l.isOwn(u) || !slices.Contains([]string{"args", "command", "env.value", "data"}, u.Field) || !isHost(u, service) || !l.isPod(u) ||
		spec.DNSPolicy == corev1.DNSNone || spec.DNSConfig != nil || len(spec.HostAliases) > 0 {
		return sts.SeverityWarning
	}
	if namespace, domain := placeOf(u); namespace != "" && namespace != l.Set.Namespace || domain != "" && !l.servesDomain(domain) {
		return sts.SeverityWarning
	}
	return sts.SeverityError
}

var (
	variable = regexp.MustCompile(`^\$[({]?([A-Za-z_][A-Za-z0-9_]*)[)}]?$`)
	hostname = regexp.MustCompile("^(\\$\\(|`)\\s*hostname(\\s+-s)?\\s*[)`]$|^\\$[({]?HOSTNAME[)}]?$")
)

// isPod: the part before the Service is the name of one of the set's pods, whatever is filled in.
func (l *Look) isPod(u names.Use) bool {
	if u.Pod != "" || hostname.MatchString(u.Computed) {
		return true // see names.Texts
	}
	found := variable.FindStringSubmatch(u.Computed)
	if found == nil {
		return false
	}
	spec := &l.Set.Spec.Template.Spec
	return slices.ContainsFunc(slices.Concat(spec.InitContainers, spec.Containers), func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == found[1] && e.ValueFrom != nil && e.ValueFrom.FieldRef != nil && e.ValueFrom.FieldRef.FieldPath == "metadata.name"
		})
	})
}

// nameAfter is the rest of a DNS name.
var nameAfter = regexp.MustCompile(`^(\.[a-z0-9-]+)*\.?`)

// ranges are the ranges of ordinals that MinIO, and shells, expand: {0...3}, {0..3}.
var ranges = regexp.MustCompile(`^\{([0-9]{1,4})\.\.\.?([0-9]{1,4})\}$`)

// ordinalsIn are the ordinals that a name means, none if it is computed otherwise.
func ordinalsIn(set string, u names.Use) []sts.Ordinal {
	if u.Computed == "" {
		if o, ok := sts.ParsePodName(set, u.Pod); ok {
			return []sts.Ordinal{o}
		}
		return nil
	}
	m := ranges.FindStringSubmatch(u.Computed)
	if m == nil || u.Pod != set+"-" {
		return nil
	}
	var out []sts.Ordinal
	first, _ := strconv.Atoi(m[1]) // digits
	last, _ := strconv.Atoi(m[2])
	for o := first; o <= last; o++ {
		out = append(out, sts.Ordinal(o))
	}
	return out
}
