//! The projection as bytes, so that a start need not read the whole log.
//!
//! A checkpoint can always be replaced: one that does not fit (another format, another log, damage)
//! is refused, and the log is read instead. Members of topics are not written: they follow from the
//! placements of the articles. A face that topics share is written once.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use crate::topics::projection::PlacedArticle;
use crate::topics::projection::Projection;
use crate::topics::projection::Topic;
use crate::topics::projection::TopicMember;
use wenmai_cluster::topic::Front;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Entry;
use wenmai_domain::topic::change::Face;

/// Changes with what is written, and with what the same log means.
const FORMAT: u32 = 2;
/// zstd's fastest regular level: identifiers do not become smaller at a higher one.
const LEVEL: i32 = 1;

#[derive(Serialize, Deserialize)]
struct CheckpointData {
    format: u32,
    /// The hash of the log entry of this version; a checkpoint of another log is refused by it.
    entry: Vec<u8>,
    version: u64,
    arrival: u64,
    newest: i64,
    front: Front,
    sources: Vec<Arc<str>>,
    faces: Vec<Arc<Face>>,
    topics: Vec<TopicRecord>,
    apart: Vec<(TopicId, TopicId)>,
    edited: Vec<TopicId>,
    articles: Vec<ArticleRecord>,
}

/// A topic; other topics and faces are given by their positions in the lists.
#[derive(Serialize, Deserialize)]
struct TopicRecord {
    #[serde(rename = "i")]
    id: TopicId,
    #[serde(rename = "l")]
    level: Level,
    #[serde(rename = "t")]
    founded: i64,
    #[serde(rename = "f")]
    face: u32,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    named: Option<String>,
    #[serde(rename = "p", default, skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    merged_into: Option<TopicId>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    absorbed: Vec<TopicId>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    story: Option<u32>,
    #[serde(rename = "v")]
    version: u64,
    #[serde(rename = "r")]
    revision: u64,
}

/// An article: its id, arrival, time, source, group of reprints and whether it is the first of that
/// group, the article whose text it prints, its event, its story.
#[derive(Serialize, Deserialize)]
struct ArticleRecord(ArticleId, u64, i64, u32, GroupId, bool, Option<ArticleId>, u32, u32);

/// Why a checkpoint is refused.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes cannot be decompressed.
    #[error("the bytes cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// The text is not a checkpoint.
    #[error("the text cannot be read")]
    Malformed(#[from] serde_json::Error),
    /// It has another format, or belongs to another log.
    #[error("of another format or another log")]
    Foreign,
    /// It names a topic, face or source that it does not hold.
    #[error("something that is named is missing")]
    Incomplete,
}

impl Projection {
    /// The projection as bytes; `last` is the last entry that was applied to it.
    ///
    /// # Errors
    /// [`CheckpointError`] if it cannot be written, which would be a mistake in the program.
    pub fn to_checkpoint(&self, last: &Entry) -> Result<Vec<u8>, CheckpointError> {
        let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
        serde_json::to_writer(&mut encoder, &self.checkpoint_data(last)?)?;
        Ok(encoder.finish()?)
    }

    /// Reads a projection from bytes that were written when `last` was the last entry.
    ///
    /// # Errors
    /// [`CheckpointError`] if they were not, or are damaged.
    pub fn from_checkpoint(bytes: &[u8], last: &Entry) -> Result<Self, CheckpointError> {
        let reader = std::io::BufReader::new(zstd::Decoder::new(bytes)?);
        let written: CheckpointData = serde_json::from_reader(reader)?;
        if written.format != FORMAT
            || written.version != last.version
            || written.entry != fingerprint(last)?
        {
            return Err(CheckpointError::Foreign);
        }
        written.into_projection().ok_or(CheckpointError::Incomplete)
    }

    fn checkpoint_data(&self, last: &Entry) -> Result<CheckpointData, CheckpointError> {
        let (mut faces, mut face_numbers) = (Vec::new(), HashMap::new());
        let numbers: HashMap<TopicId, u32> = self.topics.keys().copied().zip(0..).collect();
        let mut topics = Vec::with_capacity(self.topics.len());
        for (id, topic) in &self.topics {
            let face = *face_numbers.entry(Arc::as_ptr(&topic.face)).or_insert_with(|| {
                faces.push(Arc::clone(&topic.face));
                u32::try_from(faces.len() - 1).unwrap_or(u32::MAX)
            });
            topics.push(TopicRecord {
                id: *id,
                level: topic.level,
                founded: topic.founded,
                face,
                named: topic.named.clone(),
                pinned: topic.pinned,
                merged_into: topic.merged_into,
                absorbed: topic.absorbed.clone(),
                story: topic.story.and_then(|story| numbers.get(&story).copied()),
                version: topic.version,
                revision: topic.revision,
            });
        }
        let number = |id: TopicId| numbers.get(&id).copied().ok_or(CheckpointError::Incomplete);
        let mut placed: Vec<&PlacedArticle> = self.articles.values().collect();
        placed.sort_unstable_by_key(|one| (one.member.arrival, one.member.article));
        let mut articles = Vec::with_capacity(placed.len());
        for PlacedArticle { member, group, original, placement } in placed {
            let TopicMember { arrival, article, at, source } = *member;
            let is_first = self.first_of(*group) == Some(article);
            let (event, story) = (number(placement.event)?, number(placement.story)?);
            let (group, original) = (*group, *original);
            articles.push(ArticleRecord(
                article, arrival, at, source, group, is_first, original, event, story,
            ));
        }
        Ok(CheckpointData {
            format: FORMAT,
            entry: fingerprint(last)?,
            version: self.version,
            arrival: self.arrival,
            newest: self.newest,
            front: self.front,
            sources: self.sources.clone(),
            faces,
            topics,
            apart: self.divisions.iter().collect(),
            edited: self.edited.iter().copied().collect(),
            articles,
        })
    }
}

impl CheckpointData {
    /// The projection that it describes; `None` if it names something that it does not hold.
    fn into_projection(self) -> Option<Projection> {
        let Self { format: _, entry: _, version, arrival, newest, front, .. } = self;
        let Self { sources, faces, topics, .. } = self;
        let mut projection =
            Projection { version, arrival, newest, front, ..Projection::default() };
        projection.divisions = self.apart.into_iter().collect();
        projection.edited = self.edited.into_iter().collect();
        for source in &sources {
            projection.number(source);
        }
        let ids: Vec<TopicId> = topics.iter().map(|topic| topic.id).collect();
        let id = |number: u32| ids.get(number as usize).copied();
        let mut events = Vec::new();
        for row in topics {
            let story = match row.story {
                Some(number) => Some(id(number)?),
                None => None,
            };
            events.extend(story.map(|story| (story, row.id)));
            let topic = Topic {
                face: Arc::clone(faces.get(row.face as usize)?),
                named: row.named,
                pinned: row.pinned,
                merged_into: row.merged_into,
                absorbed: row.absorbed,
                story,
                version: row.version,
                revision: row.revision,
                ..Topic::new(row.level, row.founded)
            };
            projection.topics.insert(row.id, topic);
        }
        for (story, event) in events {
            projection.topics.get_mut(&story)?.events.insert(event);
        }
        for ArticleRecord(article, arrival, at, source, group, is_first, original, event, story) in
            self.articles
        {
            projection.sources.get(source as usize)?;
            let member = TopicMember { arrival, article, at, source };
            let placement = Placement { event: id(event)?, story: id(story)? };
            for topic in [placement.event, placement.story] {
                projection.topics.get_mut(&topic)?.members.push(member);
            }
            if is_first {
                projection.groups.insert(group, article);
            }
            projection
                .articles
                .insert(article, PlacedArticle { member, group, original, placement });
        }
        Some(projection)
    }
}

/// The SHA-256 of an entry.
fn fingerprint(entry: &Entry) -> Result<Vec<u8>, CheckpointError> {
    Ok(Sha256::digest(serde_json::to_vec(entry)?).to_vec())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::CheckpointError;
    use crate::topics::projection::Projection;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::reprint::GroupId;
    use wenmai_domain::topic::Level;
    use wenmai_domain::topic::Placement;
    use wenmai_domain::topic::TopicId;
    use wenmai_domain::topic::change::Assigned;
    use wenmai_domain::topic::change::Change;
    use wenmai_domain::topic::change::Correction;
    use wenmai_domain::topic::change::Entry;
    use wenmai_domain::topic::change::Face;
    use wenmai_domain::topic::change::Move;

    /// Numbers that are the same on every machine.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, count: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            usize::try_from(self.0 >> 33).unwrap() % count.max(1)
        }

        fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
            all.get(self.below(all.len())).copied()
        }
    }

    fn article(number: u64) -> ArticleId {
        ArticleId::from(Uuid::from_u128(u128::from(number)))
    }

    fn alive(projection: &Projection, level: Level) -> Vec<TopicId> {
        let of_level = projection.topics.iter().filter(|(_, topic)| topic.level == level);
        of_level.filter(|(_, topic)| topic.is_alive()).map(|(id, _)| *id).collect()
    }

    fn assigned(projection: &Projection, dice: &mut Dice) -> Change {
        let arrival = projection.arrival + 1;
        let article = article(arrival);
        let event = dice.of(&alive(projection, Level::Event)).filter(|_| dice.below(3) > 0);
        let within = event.and_then(|event| projection.topics[&event].story);
        let story = within.or_else(|| dice.of(&alive(projection, Level::Story)));
        let placement = Placement {
            event: event.unwrap_or_else(|| TopicId::found(Level::Event, article)),
            story: story.unwrap_or_else(|| TopicId::found(Level::Story, article)),
        };
        let mut articles: Vec<ArticleId> = projection.articles.keys().copied().collect();
        articles.sort_unstable();
        let other = dice.of(&articles).filter(|_| dice.below(4) == 0);
        Change::Assigned(Assigned {
            article,
            arrival,
            at: i64::try_from(arrival).unwrap() * 3_600 - i64::try_from(dice.below(9_999)).unwrap(),
            source: ["甲网", "乙报", ""][dice.below(3)].into(),
            group: other
                .map_or(GroupId::found(article, "h"), |other| projection.articles[&other].group),
            original: other,
            placement,
            probability: 0.5,
        })
    }

    /// The next entry of a made-up log in which everything happens that can.
    fn next(projection: &Projection, dice: &mut Dice) -> Entry {
        let stories = alive(projection, Level::Story);
        let (one, other) = (dice.of(&stories), dice.of(&stories));
        let mut articles: Vec<ArticleId> = projection.articles.keys().copied().collect();
        articles.sort_unstable();
        let taken = dice.of(&articles);
        let new = TopicId::found_again(Level::Story, article(projection.version), 7);
        let change = match (dice.below(16), one, other, taken) {
            (0, _, _, Some(article)) => Change::Removed { article },
            (1, Some(kept), Some(gone), _) => Change::Merged { level: Level::Story, kept, gone },
            (2, Some(topic), _, _) => Change::Renamed { topic, label: "名".into() },
            (3, Some(topic), _, _) => Change::Pinned { topic, pinned: true },
            (4, Some(from), _, Some(_)) => {
                let first = projection.topics[&from].members[0].article;
                let event = TopicId::found_again(Level::Event, first, 9);
                let moves =
                    vec![Move { article: first, placement: Placement { event, story: new } }];
                Change::Split { from, new, moves }
            }
            (5, ..) => Change::Repaired,
            _ => assigned(projection, dice),
        };
        let corrections = match (dice.below(12), one, other) {
            (0, Some(kept), Some(gone)) => {
                vec![Correction::Merged { level: Level::Story, kept, gone }]
            }
            (1, Some(from), _) if matches!(change, Change::Repaired) => {
                let members = vec![projection.topics[&from].members[0].article];
                vec![Correction::Split { level: Level::Story, from, new, members }]
            }
            _ => Vec::new(),
        };
        let face =
            Face {
                topics: stories, label: format!("{}号", projection.version), ..Face::default()
            };
        let faces = if dice.below(3) == 0 { vec![face] } else { Vec::new() };
        Entry { version: projection.version + 1, at_us: 7, change, corrections, faces }
    }

    #[test]
    fn a_projection_comes_back_from_its_bytes_and_goes_on_alike() {
        for seed in 0..20 {
            let (mut projection, mut dice) = (Projection::default(), Dice(seed));
            let mut started: Option<Projection> = None;
            for at in 1..400 {
                let entry = next(&projection, &mut dice);
                let touched = projection.apply(&entry);
                if let Some(started) = &mut started {
                    assert_eq!(started.apply(&entry), touched, "seed {seed}, {at}");
                    assert_eq!(*started, projection, "seed {seed}, {at}");
                }
                if at % 97 == 0 {
                    let bytes = projection.to_checkpoint(&entry).unwrap();
                    started = Some(Projection::from_checkpoint(&bytes, &entry).unwrap());
                    assert_eq!(started.as_ref(), Some(&projection), "seed {seed}, {at}");
                }
            }
        }
    }

    #[test]
    fn bytes_of_another_log_and_damaged_ones_are_refused() {
        let (mut projection, mut dice) = (Projection::default(), Dice(3));
        let mut entry = next(&projection, &mut dice);
        for _ in 0..60 {
            projection.apply(&entry);
            entry = next(&projection, &mut dice);
        }
        projection.apply(&entry);
        let bytes = projection.to_checkpoint(&entry).unwrap();
        let other = Entry { at_us: 8, ..entry.clone() };
        let refused = Projection::from_checkpoint(&bytes, &other);
        assert!(matches!(refused, Err(CheckpointError::Foreign)), "{refused:?}");
        for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            assert!(Projection::from_checkpoint(&bytes[..length], &entry).is_err(), "{length}");
        }
        let text = zstd::decode_all(&bytes[..]).unwrap();
        let text = String::from_utf8(text).unwrap();
        for (from, to) in [("\"format\":2", "\"format\":1"), ("\"f\":", "\"f\":9999")] {
            assert!(text.contains(from), "{text}");
            let wrong = zstd::encode_all(text.replace(from, to).as_bytes(), 1).unwrap();
            assert!(Projection::from_checkpoint(&wrong, &entry).is_err(), "{from}");
        }
    }
}
