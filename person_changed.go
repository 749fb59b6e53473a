package proconnect

import (
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// personChanged tells somebody who came back from ProConnect as another account than the
// one that this browser had a session of: what they began as the one would go on as the
// other without their notice.
func (x *exchange) personChanged(now *session.Session) error {
	x.reportPersonChanged(now)
	return x.page(http.StatusOK, pages.PersonChanged{
		Was: personOf(&x.session), Now: personOf(now), TargetURL: x.target(), SwitchURL: x.switchURL(),
	})
}

// personOf is how a page names a person to themselves.
func personOf(s *session.Session) pages.Person {
	return pages.Person{Name: s.Name(), Email: s.First(claims.Email), Organization: s.First(claims.OrganizationLabel)}
}
