package proconnect

import (
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// fit makes a page small where a frame would show it. It names nobody there,
// holds no button whose click a page around it could steal, and leads out of the
// frame: ProConnect cannot be shown in one.
func (q *request) fit(r *http.Request, view pages.View) pages.View {
	if audienceOf(r) != framed {
		return view
	}
	if q.fromAnotherSite(r) { // the Lax cookie never comes to a frame there
		return pages.Framed{Kind: pages.FramedAbroad, URL: q.pageAsked(r)}
	}
	switch view := view.(type) {
	case pages.Framed:
		return view
	case pages.Refused:
		return pages.Framed{Kind: pages.FramedRefused, URL: q.pageAsked(r)}
	case pages.Problem:
		return pages.Framed{Kind: view.Code, URL: q.pageAsked(r)}
	}
	return pages.Framed{Kind: pages.BadRequest, URL: "/"} // a page that nobody asks for in a frame
}
