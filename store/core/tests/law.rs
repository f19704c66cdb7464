//! The model engine obeys the law.

tillgate_store_core::laws!(tillgate_store_core::law::MemoryFactory);
