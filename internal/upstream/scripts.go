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
