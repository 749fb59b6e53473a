package upstream

import (
	"strings"
)

// scripts are extensions behind which servers cut a path in two: the script's
// name and PATH_INFO (RFC 3875 §4.1.5).
var scripts = map[string]bool{
	"php": true, "php3": true, "php4": true, "php5": true, "php7": true, "php8": true, "phtml": true, "phar": true, "cgi": true, "fcgi": true,
	"pl": true, "py": true, "rb": true, "lua": true, "asp": true, "aspx": true, "ashx": true, "asmx": true, "axd": true, "svc": true,
	"cfm": true, "cfml": true, "cfc": true, "jsp": true, "jspx": true, "do": true, "action": true, "dll": true, "exe": true,
}

// isScript says whether a name is a script's.
func isScript(name string) bool {
	i := strings.LastIndexByte(name, '.')
	return i >= 0 && len(name)-i < 8 && scripts[strings.ToLower(name[i+1:])]
}

// pathInfo is what follows the first script of a path.
func pathInfo(path string) string {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' && isScript(path[strings.LastIndexByte(path[:i], '/')+1:i]) {
			return path[i:]
		}
	}
	return path
}

// scriptName is a path up to the last script that something follows.
func scriptName(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' && isScript(path[strings.LastIndexByte(path[:i], '/')+1:i]) {
			return path[:i]
		}
	}
	return path
}

// cutPHP finds the first .php of a path that goes on in the same name.
func cutPHP(path string) (end int, ok bool) {
	for i := range len(path) {
		if path[i] == '.' && goesOn(path[i:]) {
			return i + 4, true
		}
	}
	return 0, false
}

// goesOn says whether a text begins with .php and what else belongs to a name.
func goesOn(s string) bool {
	return len(s) > 4 && s[4] != '/' && strings.EqualFold(s[:4], ".php")
}

// pathInfoInName is what follows a script without a slash: Symfony, Yii and Nextcloud
// cut SCRIPT_NAME off an address wherever that ends, so that to them /index.phpadmin
// is /admin.
func pathInfoInName(path string) string {
	if end, ok := cutPHP(path); ok {
		return "/" + path[end:]
	}
	return path
}

// scriptInName is a script's name where Caddy's FastCGI transport finds it: the first
// .php ends it, whatever follows.
func scriptInName(path string) string {
	if end, ok := cutPHP(path); ok {
		return path[:end]
	}
	return path
}

// dropScript takes the script that a path begins with out of it, as often as it is
// there: Joomla.
func dropScript(path string) string {
	if len(path) < 5 || path[0] != '/' {
		return path
	}
	i := strings.Index(path, ".php")
	if i < 0 || strings.IndexByte(path[1:i], '/') >= 0 {
		return path
	}
	return strings.ReplaceAll(path, path[:i+4], "")
}
