package upstream

import "slices"

// Bounds on the work that a path can cause. What has more variants, or is longer
// and ambiguous, is nobody's address: the gate applies. They also keep the cost of
// an ambiguous target near that of a plain one.
const (
	maxVariants     = 64
	maxVariantBytes = 4 << 10
	maxAmbiguous    = 1 << 10
)

// pathVariants are what servers may take a path for, which is given as it was
// written: one or more of the things that they do to it, in any order. all is
// false if there are too many, or if one of them has a dot segment.
func pathVariants(raw string) (paths []string, all bool) {
	if len(raw) > maxAmbiguous {
		return nil, false
	}
	v := variants{all: true}
	v.seed(raw)
	for i := 0; i < len(v.paths) && v.all; i++ {
		for _, change := range pathChanges {
			if v.add(change(v.paths[i])); !v.all {
				break // no more work on it
			}
		}
	}
	return v.paths, v.all
}

// variants collects paths within the bounds.
type variants struct {
	paths []string
	bytes int
	all   bool
}

// seed begins with what differs by what is done before the path is decoded.
func (v *variants) seed(raw string) {
	v.add(decodeOnce(raw))
	v.add(decodeOnce(dropParameters(raw)))
	v.add(decodeOnce(dropAuthority(raw)))
	v.add(decodeOnce(dropEscapedHost(raw)))
	v.add(asName(raw))
	if nothing(raw) != raw {
		v.add("/") // a colon that is encoded is none
	}
}

func (v *variants) add(path string) {
	if slices.Contains(v.paths, path) {
		return
	}
	v.paths = append(v.paths, path)
	v.bytes += len(path)
	if len(v.paths) > maxVariants || v.bytes > maxVariantBytes || hasDotSegment(path) {
		v.all = false
	}
}

// pathChanges are what servers do to a path that was decoded once.
var pathChanges = [...]func(string) string{
	decodeOnce,     // two servers in a row
	backslashes,    // IIS; new URL()
	dropParameters, // Tomcat, Jetty
	trimNames,      // Windows; Spring
	dropStreams,    // NTFS
	cutQuery,       // whoever decodes before they split a target
	cutFragment,
	dropParameter, // nginx, Apache: a path in a query
	lastParameter,
	foldUnicode,     // file systems, frameworks that normalise
	composeUnicode,  // the form that operators write
	asLatin1,        // old servers
	dropAuthority,   // new URL(), java.net.URI, urlsplit, parse_url
	mergeSlashes,    // nginx, Apache
	pathInfo,        // CGI, PHP: what follows a script
	scriptName,      // and the script itself
	pathInfoInName,  // Symfony, Yii
	scriptInName,    // Caddy's FastCGI transport
	dropScript,      // Joomla
	dropCookieless,  // ASP.NET
	dropCookieless1, // ASP.NET 1.1
	keepEmptyNames,
	dropLastParameter, // Jetty
	nothing,           // PHP
}
