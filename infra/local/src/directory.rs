//! The folder in which a stack keeps everything. It is one stack's at a time.

use std::{
    fs::{self, DirBuilder, DirEntry, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::Path,
};

/// Whoever has the folder has this file locked; the lock goes with the process, however it ends.
const LOCK: &str = "lock";
/// What every folder of a stack has.
const OURS: &str = "keys.json";

/// A folder that this stack has to itself until this is dropped.
pub struct Directory {
    _lock: File,
}

impl Directory {
    /// Takes a folder, which is made where there is none; `fresh` empties it.
    ///
    /// # Errors
    /// One sentence: another stack has it, it cannot be written to, or it is to be emptied and no stack
    /// has filled it.
    pub fn take(path: &Path, fresh: bool) -> Result<Self, String> {
        let unusable =
            |error: io::Error| format!("{} cannot be written to: {error}", path.display());
        make(path).map_err(unusable)?;
        if fresh && !may_be_emptied(path).map_err(unusable)? {
            return Err(format!(
                "{} was not made by this program; it is left as it is",
                path.display()
            ));
        }
        let mut options = File::options();
        let lock = options.create(true).truncate(false).write(true);
        let lock = lock.open(path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "{} is in use by another stack; stop that one or choose another folder with \
                     --directory",
                    path.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        if fresh {
            empty(path)
                .map_err(|error| format!("{} cannot be emptied: {error}", path.display()))?;
        }
        Ok(Self { _lock: lock })
    }
}

/// Makes a folder that only its owner may look into; one that is there stays as it is.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Whether a stack has filled it, or nobody has.
fn may_be_emptied(path: &Path) -> io::Result<bool> {
    Ok(path.join(OURS).exists() || others(path)?.is_empty())
}

fn empty(path: &Path) -> io::Result<()> {
    for entry in others(path)? {
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

/// What is in it beside the lock.
fn others(path: &Path) -> io::Result<Vec<DirEntry>> {
    let entries = fs::read_dir(path)?;
    let is_other = |entry: &DirEntry| entry.file_name() != LOCK;
    entries
        .filter(|entry| entry.as_ref().map_or(true, is_other))
        .collect()
}

/// Puts `content` in the place of what a file holds: whoever reads it, even after this process was
/// killed halfway, finds the one or the other. It is nobody's but its owner's.
///
/// # Errors
/// What keeps it from being written.
pub fn replace(file: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let new = file.with_extension("new");
    // Left over, it could be anybody's to read.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.write(true).create_new(true).open(&new)?;
    written.write_all(content.as_ref())?;
    fs::rename(&new, file)
}

/// Leaves a file to its owner alone.
///
/// # Errors
/// What keeps it from being changed.
pub fn keep_to_oneself(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}
