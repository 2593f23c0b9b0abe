//! Ours and prost-build's code declare the same types, fields and tags.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use quote::ToTokens;
use syn::{Attribute, Fields, Item, Meta};

/// What a type declares: per field or variant its name, its type or number, and what it tells prost.
type Declared = BTreeMap<String, Vec<(String, String, String)>>;

#[test]
fn types_fields_and_tags_are_those_of_prost_build() {
    let (mut ours, mut theirs) = (Declared::new(), Declared::new());
    let generated = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    read_tree(&generated.join("mod.rs"), &generated, &[], &mut ours);
    for entry in fs::read_dir(env!("OUT_DIR")).unwrap() {
        let path = entry.unwrap().path();
        let package = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|it| it == "rs")
            && !["prost", "table", "pragma.contracts.v1"].contains(&package.as_str())
        {
            let scope: Vec<String> = package.split('.').map(str::to_owned).collect();
            read_items(&parse(&path).items, &scope, &mut theirs);
        }
    }
    assert!(theirs.len() > 20);
    for (name, declared) in &theirs {
        assert_eq!(ours.get(name), Some(declared), "{name}");
    }
    assert_eq!(ours.len(), theirs.len());
}

fn parse(path: &Path) -> syn::File {
    syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Reads a file of ours, and those of the modules that it declares.
fn read_tree(path: &Path, folder: &Path, scope: &[String], into: &mut Declared) {
    let file = parse(path);
    read_items(&file.items, scope, into);
    for item in &file.items {
        if let Item::Mod(module) = item
            && module.content.is_none()
        {
            let name = module.ident.to_string();
            let deeper: Vec<String> = scope.iter().cloned().chain([name.clone()]).collect();
            read_tree(
                &folder.join(format!("{name}.rs")),
                &folder.join(&name),
                &deeper,
                into,
            );
        }
    }
}

fn read_items(items: &[Item], scope: &[String], into: &mut Declared) {
    for item in items {
        let (name, declared) = match item {
            Item::Struct(found) => (&found.ident, fields(&found.fields)),
            Item::Enum(found) => {
                let variants = found.variants.iter().map(|variant| {
                    let number = variant
                        .discriminant
                        .as_ref()
                        .map(|(_, number)| plain(number));
                    let held = number.unwrap_or_else(|| plain(&variant.fields));
                    (variant.ident.to_string(), held, prost(&variant.attrs))
                });
                (&found.ident, variants.collect())
            }
            Item::Mod(found) => {
                let deeper: Vec<String> = scope
                    .iter()
                    .cloned()
                    .chain([found.ident.to_string()])
                    .collect();
                if let Some((_, items)) = &found.content {
                    read_items(items, &deeper, into);
                }
                continue;
            }
            _ => continue,
        };
        into.insert(format!("{}::{name}", scope.join("::")), declared);
    }
}

fn fields(fields: &Fields) -> Vec<(String, String, String)> {
    let field = |field: &syn::Field| {
        let name = field
            .ident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        (name, plain(&field.ty), prost(&field.attrs))
    };
    fields.iter().map(field).collect()
}

fn plain(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// The prost attribute, in which an enum is the plain number that it is on the wire: ours has no accessor of prost's.
fn prost(attributes: &[Attribute]) -> String {
    let Some(Meta::List(list)) = attributes
        .iter()
        .map(|it| &it.meta)
        .find(|it| it.path().is_ident("prost"))
    else {
        return String::new();
    };
    let text = list.tokens.to_string();
    if let Some(rest) = text.strip_prefix("enumeration = \"") {
        return format!("int32{}", rest.split_once('"').unwrap().1);
    }
    match text.split_once(", enumeration(") {
        Some((before, rest)) => format!("{before}, int32{}", rest.split_once(')').unwrap().1),
        None => text,
    }
}
