//! `repin convert`: objects of image automation, and Receivers, of older versions as v1; everything else byte for byte.

mod text;

use std::fs;
use std::io;
use std::path::Path;

use self::text::convert_text;
use super::{CommandError, Outcome};
use crate::args::ConvertArgs;
use crate::console::Console;
use crate::objects::{Inputs, read_file, read_input};

/// Converts the files; prints the result, or writes it back with `--write`.
///
/// Of a folder, only files that change are printed; what is named itself is printed in any case.
pub(crate) fn convert(args: &ConvertArgs, console: &Console) -> Result<Outcome, CommandError> {
    let mut inputs = Inputs::default();
    let mut printer = Printer::new(console);
    for path in &args.filenames {
        if path.as_os_str() == "-" {
            if args.write {
                return Err(CommandError::Usage(
                    "--write needs files, not standard input".to_owned(),
                ));
            }
            let bytes = read_input().map_err(CommandError::Read)?;
            printer.print(&convert_text(&bytes, "standard input", console)?.text)?;
            continue;
        }
        for file in inputs.files(path).map_err(CommandError::Read)? {
            let bytes = read_file(&file).map_err(CommandError::Read)?;
            let converted = convert_text(&bytes, &file.display().to_string(), console)?;
            if !args.write && (converted.is_changed || file == *path) {
                printer.print(&converted.text)?;
            } else if args.write && converted.is_changed {
                write(&file, &converted.text, console)?;
            }
        }
    }
    for warning in &inputs.passed_over {
        console.warn(warning);
    }
    Ok(Outcome::Done)
}

fn write(path: &Path, text: &[u8], console: &Console) -> Result<(), CommandError> {
    replace(path, text).map_err(|source| CommandError::WriteFile {
        path: path.to_owned(),
        source,
    })?;
    console.note(&format!("{}: converted", path.display()));
    Ok(())
}

/// Writes beside the file, or beside the one that a link leads to, and renames, so that a crash leaves one whole file or
/// the other.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".repin-new");
    fs::write(&beside, text)?;
    fs::set_permissions(&beside, fs::metadata(&path)?.permissions())?;
    fs::rename(&beside, &path)
}

/// Prints several streams as one.
struct Printer<'a> {
    console: &'a Console,
    /// Whether something was printed, and whether it ended its line.
    printed: Option<bool>,
}

impl<'a> Printer<'a> {
    fn new(console: &'a Console) -> Self {
        Self {
            console,
            printed: None,
        }
    }

    fn print(&mut self, text: &[u8]) -> Result<(), CommandError> {
        let text = String::from_utf8_lossy(text);
        let separator = match self.printed {
            Some(_) if text.starts_with("---") => "",
            Some(_) => "---\n",
            None => "",
        };
        let end = if self.printed == Some(false) {
            "\n"
        } else {
            ""
        };
        self.printed = Some(text.ends_with('\n'));
        self.console
            .result(&format!("{end}{separator}{text}"))
            .map_err(CommandError::Output)
    }
}
