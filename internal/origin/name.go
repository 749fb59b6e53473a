package origin

import "regexp"

// maxName is how long a host name may be (RFC 1035 §2.3.4).
const maxName = 253

// validName is a host name in the one way in which browsers write it: lower case, labels
// of letters, digits and hyphens, no dot at the end. The last label begins with a letter:
// browsers take the others for IPv4 addresses, 0x7f too.
var validName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// IsName says whether a text is a host name, and no other way of writing one: neither an
// address nor letters with accents, which browsers write as xn--….
func IsName(name string) bool { return len(name) <= maxName && validName.MatchString(name) }

// Split returns the host name and the port that an origin says, with the scheme's own
// where it says none; not ok if browsers would write it otherwise.
func (o Origin) Split() (name, port string, ok bool) {
	name, port, said := cutLastColon(o.Addr)
	if !said {
		name, port = o.Addr, defaultPort[o.Scheme]
	}
	return name, port, IsName(name) && (!said || port != "" && port != defaultPort[o.Scheme])
}
