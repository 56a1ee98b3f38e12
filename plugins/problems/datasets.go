package problems

import (
	"context"
	"fmt"
	"os"
	"slices"

	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// DataSet describes a data set that built-in problems read.
type DataSet struct {
	Name     string              // lower-case, words joined by hyphens
	Doc      string              // one line: what it holds
	Source   string              // who made it
	Licence  string              // of the data
	Files    []protocol.DataFile // what it consists of
	Problems []string            // the problems that read it

	set *data.Set
}

// DataStatus is the place and state of a data set.
type DataStatus struct {
	Place string // "embedded", or a folder; "" if the set is missing
	Err   error  // why the set cannot be used, missing or corrupt, and what to run; nil if it can
}

// Word is one of "embedded", "found", "missing" and "damaged".
func (s DataStatus) Word() string {
	switch {
	case s.Err != nil && s.Place == "":
		return "missing"
	case s.Err != nil:
		return "damaged"
	case s.Place == "embedded":
		return "embedded"
	}
	return "found"
}

// String is one of "embedded", "found in FOLDER" and what is wrong.
func (s DataStatus) String() string {
	switch {
	case s.Err != nil:
		return s.Err.Error()
	case s.Place == "embedded":
		return s.Place
	}
	return "found in " + s.Place
}

// DataSets lists the data sets that built-in problems read, whether they are on this machine or
// not.
func DataSets() []DataSet {
	readers := readers()
	var list []DataSet
	for _, s := range data.Sets() {
		files := dataFiles(s)
		list = append(list, DataSet{s.Name, s.Doc, s.Source, s.Licence, files, readers[files[0]], s})
	}
	return list
}

// DataNames lists the names of [DataSets], in their order.
func DataNames() []string {
	var names []string
	for _, s := range data.Sets() {
		names = append(names, s.Name)
	}
	return names
}

// SelectDataSets returns the data sets of some names, in the order of the names. The name "all"
// selects every set, but the published bundles only where $NOISEBENCH_MIRRORS names a place to
// fetch them from: a clone of the repository has them. An unknown name is an error.
func SelectDataSets(names []string) ([]DataSet, error) {
	sets, known := DataSets(), DataNames()
	if slices.Contains(names, "all") {
		if os.Getenv(data.Mirrors) == "" {
			sets = slices.DeleteFunc(sets, func(d DataSet) bool { return d.Name == "published" })
		}
		return sets, nil
	}
	var selected []DataSet
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, protocol.Unknown("data set", name, append(known, "all"))
		}
		selected = append(selected, sets[i])
	}
	return selected, nil
}

// readers lists the problems that read a set at their default parameters, by the set's first file.
func readers() map[protocol.DataFile][]string {
	names := map[protocol.DataFile][]string{}
	for _, def := range All() {
		_, spec, err := def.At(nil)
		if err != nil {
			panic(fmt.Sprintf("problems: %s at its defaults: %v", def.Name, err))
		}
		if len(spec.Data) > 0 {
			names[spec.Data[0]] = append(names[spec.Data[0]], def.Name)
		}
	}
	return names
}

// Status looks for the data set and reads all of it, to verify its checksums; that takes about half
// a second.
func (d DataSet) Status() DataStatus {
	place, err := d.set.Verify()
	return DataStatus{place, err}
}

// Fetch gets the data set over the network, into the folder of its name below $NOISEBENCH_DATA, or
// else below noisebench in the user's cache folder. Files that are there and intact stay as they
// are. progress, which may be nil, is called with the number of bytes of a file that are there and
// the total. Cancelling ctx stops it; a later call resumes.
func (d DataSet) Fetch(ctx context.Context, progress func(file string, done, total int64)) error {
	return d.set.Fetch(ctx, progress)
}

// dataFiles lists the files of a set, or the archive in which they are published: its SHA-256 is
// known, and theirs may not be.
func dataFiles(s *data.Set) []protocol.DataFile {
	if s.Archive != nil {
		return []protocol.DataFile{{Name: s.Name + "/" + s.Archive.Name, SHA256: s.Archive.SHA256}}
	}
	var list []protocol.DataFile
	for _, f := range s.Files {
		list = append(list, protocol.DataFile{Name: s.Name + "/" + f.Name, SHA256: f.SHA256})
	}
	return list
}
