// Command rooms holds the house to its plan: which packages may import which, how large a
// circle of references between files of the root may be, and how many methods its largest
// type has. It is run in its own folder.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The plan.
const (
	maxCircle  = 12 // files of the root that all lead to one another
	maxMethods = 40 // of Handler
)

// alone are the packages that import nothing of ours.
var alone = []string{"upstream", "origin", "rp", "pages", "seal"}

func main() {
	packages, err := list()
	if err == nil {
		err = errors.Join(checkImports(packages), checkRoot(packages))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Export, Dir string
	GoFiles, Imports        []string
	Module                  *struct {
		Path string
		Main bool
	}
}

func (p listed) ours() bool { return p.Module != nil && p.Module.Main }

func list() (map[string]listed, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles,Imports,Module", "./...")
	cmd.Dir, cmd.Stderr = filepath.Join("..", ".."), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	packages := make(map[string]listed)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages[p.ImportPath] = p
	}
}

func checkImports(packages map[string]listed) (all error) {
	for path, p := range packages {
		if !p.ours() || !strings.HasPrefix(path, p.Module.Path+"/internal/") {
			continue
		}
		lonely := slices.Contains(alone, filepath.Base(path))
		for _, imported := range p.Imports {
			if imported == p.Module.Path && filepath.Base(path) != "caddytest" || lonely && packages[imported].ours() {
				all = errors.Join(all, fmt.Errorf("%s imports %s", path, imported))
			}
		}
	}
	return all
}

func checkRoot(packages map[string]listed) error {
	h, err := readRoot(packages)
	if err != nil {
		return err
	}
	var all error
	circle := h.largestCircle()
	if len(circle) > maxCircle {
		all = fmt.Errorf("%d files lead to one another, and %d may: %s", len(circle), maxCircle, strings.Join(circle, " "))
	}
	if h.methods > maxMethods {
		all = errors.Join(all, fmt.Errorf("the type Handler has %d methods, and may have %d", h.methods, maxMethods))
	}
	fmt.Printf("rooms: the largest circle has %d files, Handler %d methods\n", len(circle), h.methods)
	return all
}

// house is what the files of the root refer to.
type house struct {
	leads   map[string]map[string]bool // by file
	methods int                        // of Handler
}

func readRoot(packages map[string]listed) (*house, error) {
	var root listed
	for path, p := range packages {
		if p.ours() && path == p.Module.Path {
			root = p
		}
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range root.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(root.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}
	exported := func(path string) (io.ReadCloser, error) { return os.Open(packages[path].Export) }
	pkg, err := (&types.Config{Importer: importer.ForCompiler(fset, "gc", exported)}).Check(root.ImportPath, fset, files, info)
	if err != nil {
		return nil, err
	}
	file := func(p token.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	h := &house{leads: make(map[string]map[string]bool)}
	for _, f := range files {
		h.leads[file(f.Pos())] = make(map[string]bool)
	}
	for id, o := range info.Uses {
		if from, to := file(id.Pos()), file(o.Pos()); o.Pkg() == pkg && from != to && reaches(o, pkg) {
			h.leads[from][to] = true
		}
	}
	if o := pkg.Scope().Lookup("Handler"); o != nil {
		h.methods = o.Type().(*types.Named).NumMethods()
	}
	return h, nil
}

// reaches says whether an object is seen from other files: not what lives in a function.
func reaches(o types.Object, pkg *types.Package) bool {
	v, isVar := o.(*types.Var)
	_, isFunc := o.(*types.Func)
	return o.Parent() == pkg.Scope() || isFunc || isVar && v.IsField()
}

// largestCircle are the most files of which each leads to all others.
func (h *house) largestCircle() (largest []string) {
	from := make(map[string]map[string]bool, len(h.leads))
	for file := range h.leads {
		from[file] = h.reached(file)
	}
	for file, far := range from {
		circle := []string{file}
		for other := range far {
			if other != file && from[other][file] {
				circle = append(circle, other)
			}
		}
		if len(circle) > len(largest) {
			largest = circle
		}
	}
	slices.Sort(largest)
	return largest
}

// reached are the files to which one leads, over others.
func (h *house) reached(file string) map[string]bool {
	seen := make(map[string]bool)
	for queue := []string{file}; len(queue) > 0; queue = queue[1:] {
		for next := range h.leads[queue[0]] {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return seen
}
