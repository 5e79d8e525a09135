//! Who may come in, and how long they may be silent: the connections that are open, in all and by address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::watch::{Beats, Clock, Order, Watch};
use crate::{
    config::{self, Network},
    observe::metrics::Connections,
    request::client,
};

/// The open connections of one listener.
#[derive(Debug)]
pub struct Door {
    most: usize,
    most_per_address: usize,
    /// Many clients come from each of these addresses.
    proxies: Vec<Network>,
    beats: Beats,
    clock: Arc<Clock>,
    inside: Mutex<Inside>,
    counted: Arc<Connections>,
}

#[derive(Debug, Default)]
struct Inside {
    open: HashMap<u64, Arc<Watch>>,
    by_address: HashMap<IpAddr, usize>,
    next: u64,
    /// What those who still come in are told at once.
    order: Option<Order>,
}

/// Why a connection is not let in: the limit's name in `[listen]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Host,
    Address,
}

impl Full {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "max-connections",
            Self::Address => "max-connections-per-address",
        }
    }
}

impl Door {
    pub fn new(limits: &config::Listen, counted: Arc<Connections>) -> Self {
        Self {
            most: limits.max_connections,
            most_per_address: limits.max_connections_per_address,
            proxies: limits.trusted_proxies.clone(),
            beats: Beats::new(limits),
            clock: Arc::default(),
            inside: Mutex::default(),
            counted,
        }
    }

    /// Lets a connection in, unless there are too many.
    pub fn enter(door: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let peer = peer.to_canonical();
        let counted = (!door.proxies.iter().any(|proxies| proxies.contains(peer))).then(|| client::network(peer));
        let mut inside = door.inside();
        if inside.open.len() >= door.most {
            return Err(Full::Host);
        }
        if let Some(address) = counted {
            let count = inside.by_address.entry(address).or_default();
            if *count >= door.most_per_address {
                return Err(Full::Address);
            }
            *count += 1;
        }
        let watch = Arc::new(Watch::new(peer, door.clock.clone()));
        if let Some(order) = inside.order {
            watch.order(order);
        }
        door.counted.accepted.add(1);
        door.counted.open.up();
        let number = inside.next;
        inside.next += 1;
        inside.open.insert(number, watch.clone());
        Ok(Place { door: door.clone(), watch, number, counted })
    }

    /// Lets time go on: every connection that has waited too long by now is told to end. To be called every
    /// [`Door::beat_length`].
    pub fn beat(&self) {
        self.clock.beat();
        for watch in self.inside().open.values() {
            if let Some(order) = watch.overdue(&self.beats) {
                watch.order(order);
            }
        }
    }

    pub fn beat_length(&self) -> std::time::Duration {
        self.beats.length
    }

    /// Tells all connections, and those that are only just coming in.
    pub fn order(&self, order: Order) {
        let mut inside = self.inside();
        inside.order = Some(order);
        for watch in inside.open.values() {
            watch.order(order);
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub struct Place {
    door: Arc<Door>,
    pub watch: Arc<Watch>,
    number: u64,
    /// The address it counts for.
    counted: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.counted.open.down();
        let mut inside = self.door.inside();
        inside.open.remove(&self.number);
        if let Some(address) = self.counted
            && let Some(count) = inside.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn door(text: &str) -> Arc<Door> {
        let config = config::Config::parse(&format!("[listen]\n{text}"), Path::new("wharf.toml")).unwrap();
        Arc::new(Door::new(&config.listen, Arc::default()))
    }

    fn enter(door: &Arc<Door>, address: &str) -> Result<Place, Full> {
        Door::enter(door, address.parse().unwrap())
    }

    #[test]
    fn places_are_counted_by_address_and_in_all_and_given_back() {
        let door = door("max-connections = 3\nmax-connections-per-address = 2");
        let places = (enter(&door, "10.0.0.1").unwrap(), enter(&door, "::ffff:10.0.0.1").unwrap());
        assert_eq!(enter(&door, "10.0.0.1").unwrap_err(), Full::Address);
        let third = enter(&door, "10.0.0.2").unwrap();
        assert_eq!(enter(&door, "10.0.0.3").unwrap_err(), Full::Host);
        drop(places);
        assert!(enter(&door, "10.0.0.1").is_ok());
        drop(third);
        assert!(door.inside().open.is_empty() && door.inside().by_address.is_empty());
    }

    #[test]
    fn one_ipv6_network_is_one_address_and_a_proxy_is_many() {
        let door = door("max-connections-per-address = 1\ntrusted-proxies = [\"10.9.0.0/16\"]");
        let _places = (enter(&door, "2001:db8::1").unwrap(), enter(&door, "2001:db8:0:1::1").unwrap());
        assert_eq!(enter(&door, "2001:db8::2:3").unwrap_err(), Full::Address);
        let _proxied = (enter(&door, "10.9.0.1").unwrap(), enter(&door, "10.9.0.1").unwrap());
    }

    #[test]
    fn orders_reach_those_inside_and_those_to_come() {
        let door = door("");
        let inside = enter(&door, "10.0.0.1").unwrap();
        door.order(Order::Drain);
        let late = enter(&door, "10.0.0.1").unwrap();
        assert_eq!((inside.watch.standing_order(), late.watch.standing_order()), (Some(Order::Drain), Some(Order::Drain)));
    }
}
