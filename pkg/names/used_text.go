package names

import (
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// counts: the name is looked up, as far as the text shows. It is not in a comment or an annotation, is no file,
// and no part of a longer name. A name that is computed in an object that the set's pods do not read may be that of
// another set's pod.
func (u Use) counts(namespace string) bool {
	return !u.Comment && !strings.Contains(u.Field, "annotations") && (u.Computed == "" || u.Own) && !u.isFile() && !u.goesOn(namespace)
}

// beforeName is the text before the name.
func (u Use) beforeName() string {
	return strings.TrimSuffix(u.Before, strings.TrimSuffix(u.Name, "."+u.Service))
}

// isFile: what looks like a name is a file or a directory, such as /data/web-0.etcd, --data-dir=$(POD_NAME).etcd
// or $(POD_NAME).db.
func (u Use) isFile() bool {
	before := u.beforeName()
	return strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "//") || strings.HasSuffix(before, "dir=") || strings.HasSuffix(before, "dir ") ||
		fileScheme.MatchString(before) || slices.Contains(fileExtensions, u.Service) && !u.IsHost()
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

// IsHost says whether only a host is written like this: with a port, with svc, in a URL, or after a user.
func (u Use) IsHost() bool {
	before := u.beforeName()
	return portAfter.MatchString(u.After) || svcAfter.MatchString(u.After) ||
		strings.HasSuffix(before, "://") && !fileScheme.MatchString(before) || userInURL.MatchString(before) ||
		userBefore.MatchString(before) && !slices.Contains(fileExtensions, u.Service) // curl -d@FILE
}

// goesOn: the Service is only the beginning of a longer word, or the name is in another domain: db-0.db.example.com.
func (u Use) goesOn(namespace string) bool {
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
	case len(rest) == 1 && rest[0] == namespace:
		return false
	}
	// The namespace is there, what follows it is computed: .shop.${DOMAIN}.
	return len(rest) > 1 || !computedAfter.MatchString(strings.TrimPrefix(u.After, "."+rest[0]))
}

// nameAfter is the rest of a DNS name.
var nameAfter = regexp.MustCompile(`^(\.[a-z0-9-]+)*\.?`)

// Place is the namespace and the cluster domain of the name, empty where it has none, or a computed one.
func (u Use) Place() (namespace, domain string) {
	parts := strings.Split(strings.TrimSuffix(nameAfter.FindString(u.After), "."), ".")
	if len(parts) < 3 || parts[0] != "" || parts[2] != "svc" || len(validation.IsDNS1123Label(parts[1])) > 0 {
		return "", ""
	}
	return parts[1], strings.Join(parts[3:], ".")
}
