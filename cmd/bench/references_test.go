package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	docLink   = regexp.MustCompile(`(?:^|[\s(])\[\*?([A-Za-z]\w*(?:\.[A-Za-z]\w*)?(?:\.[A-Za-z]\w*)?)\]`)
	goFile    = regexp.MustCompile(`(?:^|[\s("])([\w./-]*\w\.go)\b`)
	ownPath   = regexp.MustCompile(`(?:^|[\s("])((?:benchmarks|cmd|examples|harness|plugins|protocol|results)/[\w./-]*\w)`)
	testNamed = regexp.MustCompile(`\b((?:Test|Fuzz|Benchmark)[A-Z]\w+)`)
)

// sources are the parsed Go files of the project by folder, relative to its root.
func sources(t *testing.T, root string) (*token.FileSet, map[string]map[string]*ast.File) {
	t.Helper()
	set, folders := token.NewFileSet(), map[string]map[string]*ast.File{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != root:
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".pb.go"):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if folders[dir] == nil {
			folders[dir] = map[string]*ast.File{}
		}
		folders[dir][filepath.Base(path)] = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return set, folders
}

// declared lists the names that the files of a package declare: top-level ones, and NAME.MEMBER for
// methods and fields.
func declared(files map[string]*ast.File) map[string]bool {
	names := map[string]bool{}
	members := func(of string, list *ast.FieldList) {
		for _, f := range list.List {
			for _, n := range f.Names {
				names[of+"."+n.Name] = true
			}
			if len(f.Names) == 0 { // embedded
				name := receiver(f.Type)
				names[of+"."+name] = true
			}
		}
	}
	for _, file := range files {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					name = receiver(d.Recv.List[0].Type) + "." + name
				}
				names[name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					case *ast.TypeSpec:
						names[s.Name.Name] = true
						switch u := s.Type.(type) {
						case *ast.StructType:
							members(s.Name.Name, u.Fields)
						case *ast.InterfaceType:
							members(s.Name.Name, u.Methods)
						}
					}
				}
			}
		}
	}
	return names
}

// receiver is the name of a type, without pointer, package and type parameters.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// Comments refer to files, tests and names that exist. A renamed one would leave readers looking.
func TestReferences(t *testing.T) {
	root := filepath.Join("..", "..")
	set, folders := sources(t, root)
	names, own := map[string]map[string]bool{}, map[string]map[string]bool{}
	tests, files := map[string]bool{}, map[string]bool{}
	for dir, list := range folders {
		names[dir] = declared(list)
		for name := range list {
			files[name] = true
		}
		for name := range names[dir] {
			tests[name] = true
			if base := filepath.Base(dir); own[base] == nil {
				own[base] = names[dir]
			}
		}
	}
	exists := func(paths ...string) bool {
		return slices.ContainsFunc(paths, func(p string) bool { _, err := os.Stat(p); return err == nil })
	}
	markdown := regexp.MustCompile(`\]\(([^)#: ]+)\)`)
	pages := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/published/README.md", "plugins/python/README.md"}
	manual, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range manual {
		pages = append(pages, "docs/"+filepath.Base(path))
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range markdown.FindAllStringSubmatch(string(text), -1) {
			if !exists(filepath.Join(root, filepath.Dir(page), m[1])) {
				t.Errorf("%s: there is no %s", page, m[1])
			}
		}
	}
	for dir, list := range folders {
		for _, file := range list {
			for _, group := range file.Comments {
				text := group.Text()
				at := set.Position(group.Pos())
				for _, m := range goFile.FindAllStringSubmatch(text, -1) {
					if p := m[1]; !files[filepath.Base(p)] || strings.Contains(p, "/") && !exists(filepath.Join(root, p), filepath.Join(root, dir, p)) {
						t.Errorf("%s: there is no file %s", at, p)
					}
				}
				for _, m := range ownPath.FindAllStringSubmatch(text, -1) {
					p := strings.TrimRight(m[1], ".")
					if inPackage := strings.LastIndex(p, "."); !exists(filepath.Join(root, p)) &&
						!(inPackage > 0 && exists(filepath.Join(root, p[:inPackage]))) {
						t.Errorf("%s: there is no %s", at, p)
					}
				}
				for _, m := range testNamed.FindAllStringSubmatch(text, -1) {
					if !tests[m[1]] {
						t.Errorf("%s: there is no test %s", at, m[1])
					}
				}
				for _, m := range docLink.FindAllStringSubmatch(text, -1) {
					first, rest, dotted := strings.Cut(m[1], ".")
					switch {
					case names[dir][m[1]], dotted && own[first][rest]:
					case dotted && !ast.IsExported(first) && own[first] == nil && !names[dir][first]:
						// a package of the standard library or of others
					default:
						t.Errorf("%s: there is no [%s]", at, m[1])
					}
				}
			}
		}
	}
}
