//! Sub-fields known by their tag, to bytes.

use super::parts::{Composed, Composer, shape};
use super::put_length;
use crate::iso8583::decode::ber;
use crate::iso8583::limits::BER_DEPTH_MAX;
use crate::iso8583::plan::{Form, Key, Layout, Plan, Tag};
use crate::iso8583::schema::Coding;
use crate::iso8583::tree::Tree;

impl Composer<'_> {
    /// Tags and lengths of fixed size.
    pub(super) fn tlv(
        &self,
        layout: &Layout,
        nodes: &[(String, Tree)],
        wire: &mut Vec<u8>,
    ) -> Composed {
        let Form::Tlv { tag_bytes, tag: coding, length_bytes, length, ref other } = layout.form
        else {
            return Ok(());
        };
        for (key, tree) in nodes {
            let tag = Tag::parse(key, coding);
            let Some(tag) = tag.filter(|tag| tag.wire().len() == usize::from(tag_bytes)) else {
                return shape(Some(key), format!("a tag has {tag_bytes} bytes"));
            };
            let plan = self.tagged(layout, tag).unwrap_or(other);
            for tree in values(tree) {
                wire.extend_from_slice(tag.wire());
                let at = wire.len();
                wire.resize(at + usize::from(length_bytes), 0);
                let start = wire.len();
                self.part(plan, key, tree, wire)?;
                let bytes = wire.len() - start;
                if bytes > length.greatest(usize::from(length_bytes)) {
                    return shape(Some(key), format!("{bytes} bytes exceed the length's digits"));
                }
                if let Some(prefix) = wire.get_mut(at..start) {
                    put_length(length, bytes, prefix);
                }
            }
        }
        Ok(())
    }

    /// Objects of BER-TLV; nodes become constructed ones. The depth is bounded as for decoding.
    pub(super) fn ber(
        &self,
        layout: &Layout,
        nodes: &[(String, Tree)],
        depth: usize,
        wire: &mut Vec<u8>,
    ) -> Composed {
        for (key, tree) in nodes {
            let Some(tag) = Tag::parse(key, Coding::Binary).filter(is_ber) else {
                return shape(Some(key), "this is no BER tag");
            };
            let constructed = tag.wire().first().is_some_and(|first| first & 0x20 != 0);
            for tree in values(tree) {
                let mut value = Vec::new();
                match tree {
                    Tree::Node(_) if constructed && depth == BER_DEPTH_MAX => {
                        return shape(Some(key), "tags are nested too deep");
                    }
                    Tree::Node(nodes) if constructed => {
                        self.ber(layout, nodes, depth + 1, &mut value)?;
                    }
                    Tree::Leaf(_) if constructed => {
                        return shape(
                            Some(key),
                            "a constructed tag has tags within: give an object",
                        );
                    }
                    // A primitive one has no tags within, but the table may know its sub-fields.
                    _ => {
                        let plan = self.tagged(layout, tag).unwrap_or(&Plan::OPAQUE);
                        self.part(plan, key, tree, &mut value)?;
                    }
                }
                wire.extend_from_slice(tag.wire());
                ber::append_length(value.len(), wire);
                wire.append(&mut value);
            }
        }
        Ok(())
    }

    fn tagged(&self, layout: &Layout, tag: Tag) -> Option<&Plan> {
        let wanted = Key::Tag(tag);
        let part = self.dialect.parts(layout).iter().find(|part| part.key == wanted)?;
        Some(&part.plan)
    }
}

/// The values of a tag: one, or a list.
fn values(tree: &Tree) -> &[Tree] {
    match tree {
        Tree::List(values) => values,
        single => std::slice::from_ref(single),
    }
}

/// Whether the bytes are one whole BER tag that is no filler.
fn is_ber(tag: &Tag) -> bool {
    match tag.wire() {
        [] | [0] => false,
        [first] => first & 0x1f != 0x1f,
        [first, middle @ .., last] => {
            first & 0x1f == 0x1f && last & 0x80 == 0 && middle.iter().all(|byte| byte & 0x80 != 0)
        }
    }
}
